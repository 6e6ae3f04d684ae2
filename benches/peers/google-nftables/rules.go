package main

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyIPv4, Name: tableName}
}

// portChain names the chain that is there already.
func portChain() *nftables.Chain {
	return &nftables.Chain{Name: chainName, Table: table()}
}

func loadRules(conn *nftables.Conn, shape string, count uint32) error {
	chain := conn.AddChain(newChain(shape, conn.AddTable(table())))
	for index := uint32(0); index < count; index++ {
		conn.AddRule(rule(shape, chain, index))
	}
	return conn.Flush()
}

func newChain(shape string, table *nftables.Table) *nftables.Chain {
	accept := nftables.ChainPolicyAccept
	chain := &nftables.Chain{Name: chainName, Table: table, Policy: &accept}
	if shape == "rules-nat" {
		chain.Name = natChainName
		chain.Type = nftables.ChainTypeNAT
		chain.Hooknum = nftables.ChainHookPrerouting
		chain.Priority = nftables.ChainPriorityNATDest
		return chain
	}
	chain.Type = nftables.ChainTypeFilter
	chain.Hooknum = nftables.ChainHookInput
	chain.Priority = nftables.ChainPriorityFilter
	return chain
}

func rule(shape string, chain *nftables.Chain, index uint32) *nftables.Rule {
	exprs := make([]expr.Any, 0, 11)
	exprs = append(exprs, &expr.Meta{Key: expr.MetaKeyL4PROTO, Register: 1}, equal([]byte{unix.IPPROTO_TCP}))
	if shape == "rules-facts" {
		exprs = append(exprs, load(expr.PayloadBaseNetworkHeader, 12, 4), equal(address(index)))
	}
	exprs = append(exprs, load(expr.PayloadBaseTransportHeader, 2, 2), equal(portBytes(port(index))))
	switch shape {
	case "rules-facts":
		exprs = append(exprs,
			&expr.Ct{Key: expr.CtKeySTATE, Register: 1},
			&expr.Bitwise{
				SourceRegister: 1,
				DestRegister:   1,
				Len:            4,
				Mask:           binaryutil.NativeEndian.PutUint32(expr.CtStateBitNEW | expr.CtStateBitESTABLISHED),
				Xor:            binaryutil.NativeEndian.PutUint32(0),
			},
			&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: binaryutil.NativeEndian.PutUint32(0)},
			&expr.Counter{},
			&expr.Verdict{Kind: expr.VerdictAccept})
	case "rules-port":
		exprs = append(exprs, &expr.Verdict{Kind: expr.VerdictAccept})
	case "rules-nat":
		exprs = append(exprs,
			&expr.Numgen{Register: 1, Modulus: 2, Type: unix.NFT_NG_INCREMENTAL},
			equal(binaryutil.NativeEndian.PutUint32(0)),
			&expr.Immediate{Register: 1, Data: address(index)},
			&expr.Immediate{Register: 2, Data: portBytes(natPort)},
			&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2})
	}
	return &nftables.Rule{Table: chain.Table, Chain: chain, Exprs: exprs}
}

func equal(data []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data}
}

func load(base expr.PayloadBase, offset, length uint32) expr.Any {
	return &expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: length}
}

func list(conn *nftables.Conn, count int) error {
	chain := portChain()
	rules, err := conn.GetRules(chain.Table, chain)
	if err != nil {
		return err
	}
	if len(rules) != count {
		return fmt.Errorf("%d rules listed, %d are there", len(rules), count)
	}
	return nil
}
