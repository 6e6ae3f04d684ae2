//go:build !debian

package main

import (
	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
)

// buffer is for 64 MiB of batch, or as many acknowledgements.
const buffer = 256 << 20

// options: one connection for all that follows, and buffers of its socket that hold a batch and its acknowledgements.
func options() []nftables.ConnOption {
	return []nftables.ConnOption{
		nftables.AsLasting(),
		nftables.WithSockOptions(
			func(conn *netlink.Conn) error { return conn.SetWriteBuffer(buffer) },
			func(conn *netlink.Conn) error { return conn.SetReadBuffer(buffer) },
		),
	}
}

// declare sets the capacity of a set.
func declare(set *nftables.Set, count uint32) {
	set.Size = count
}
