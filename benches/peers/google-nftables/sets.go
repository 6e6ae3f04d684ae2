package main

import (
	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
)

// together is how many elements go into one message: releases of the library up to 0.3.0 do not divide them, and an
// attribute's length has 16 bits.
const together = 1024

func loadSet(conn *nftables.Conn, members string, count uint32) error {
	set := &nftables.Set{Table: conn.AddTable(table()), Name: setName, KeyType: nftables.TypeIPAddr}
	switch members {
	case "set-hash":
		declare(set, count)
	case "set-map":
		set.IsMap = true
		set.DataType = nftables.TypeMark
		declare(set, count)
	case "set-interval":
		set.Interval = true
	case "set-concat":
		key, err := nftables.ConcatSetType(nftables.TypeIPAddr, nftables.TypeInetService)
		if err != nil {
			return err
		}
		set.KeyType = key
		set.Concatenation = true
		declare(set, count)
	}
	if err := conn.AddSet(set, nil); err != nil {
		return err
	}
	elements := make([]nftables.SetElement, 0, together+1)
	for index := uint32(0); index < count; index++ {
		elements = appendElement(elements, members, index)
		if len(elements) >= together || index+1 == count {
			if err := conn.SetAddElements(set, elements); err != nil {
				return err
			}
			elements = elements[:0]
		}
	}
	return conn.Flush()
}

func appendElement(elements []nftables.SetElement, members string, index uint32) []nftables.SetElement {
	switch members {
	case "set-interval":
		first, behind := prefix(index)
		return append(elements,
			nftables.SetElement{Key: first}, nftables.SetElement{Key: behind, IntervalEnd: true})
	case "set-map":
		mark := binaryutil.NativeEndian.PutUint32(index)
		return append(elements, nftables.SetElement{Key: address(index), Val: mark})
	case "set-concat":
		key := append(address(index), portBytes(port(index))...)
		return append(elements, nftables.SetElement{Key: append(key, 0, 0)})
	}
	return append(elements, nftables.SetElement{Key: address(index)})
}

// replaceElement lets the first element go and another one come.
func replaceElement(conn *nftables.Conn) error {
	set := &nftables.Set{Table: table(), Name: setName, KeyType: nftables.TypeIPAddr}
	if err := conn.SetDeleteElements(set, []nftables.SetElement{{Key: address(0)}}); err != nil {
		return err
	}
	if err := conn.SetAddElements(set, []nftables.SetElement{{Key: replacement}}); err != nil {
		return err
	}
	return conn.Flush()
}
