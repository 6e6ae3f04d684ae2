package main

import "encoding/binary"

// The names and the numbers of the workloads: every contender builds the same ruleset.

const (
	tableName    = "bench"
	chainName    = "input"
	natChainName = "prerouting"
	setName      = "s"
	natPort      = 8080
)

// replacement is what `replace-element` puts in the place of address(0).
var replacement = []byte{11, 0, 0, 1}

// address is 10.0.0.0 and the 24 low bits of the index.
func address(index uint32) []byte {
	return bigEndian(0x0a000000 | index&0x00ffffff)
}

// port is the low 16 bits of the index, but never 0.
func port(index uint32) uint16 {
	if low := uint16(index); low != 0 {
		return low
	}
	return 1
}

// prefix gives the first address of the prefix of length 30, and the one behind its last.
func prefix(index uint32) (first, behind []byte) {
	network := 0x0a000000 + 8*index
	return bigEndian(network), bigEndian(network + 4)
}

func bigEndian(number uint32) []byte {
	bytes := make([]byte, 4)
	binary.BigEndian.PutUint32(bytes, number)
	return bytes
}

func portBytes(number uint16) []byte {
	return []byte{byte(number >> 8), byte(number)}
}
