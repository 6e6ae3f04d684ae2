//go:build debian

package main

import "github.com/google/nftables"

// options: one connection for all that follows. The releases that Debian has (0.1.0 in bookworm, 0.2.0 in trixie) give
// no way to raise the buffers of its socket.
func options() []nftables.ConnOption {
	return []nftables.ConnOption{nftables.AsLasting()}
}

// declare does nothing: these releases cannot declare a capacity.
func declare(*nftables.Set, uint32) {}
