//go:build debian

// For the releases that Debian has: 0.1.0 in bookworm, 0.2.0 in trixie. Where no module proxy can be reached:
//
//	apt-get install golang-go golang-github-google-nftables-dev golang-github-mdlayher-netlink-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -tags debian -o PROGRAM .

package main

import "github.com/google/nftables"

// options: none. These releases give no way to raise the buffers of the socket; and a lasting connection would fill up
// in 0.1.0, which asks for an echo of each rule and does not read it.
func options() []nftables.ConnOption {
	return nil
}

// declare does nothing: these releases cannot declare a capacity.
func declare(*nftables.Set, uint32) {}
