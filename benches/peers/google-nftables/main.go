// The Go library google/nftables as a contender of `cargo xtask bench`: one round.
//
// The protocol (arguments, output, exit statuses, what is timed) is in benches/peers/README.md. As the library's
// documentation says for bulk: commands are buffered, and one Flush sends them as one batch.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/google/nftables"
)

// missing says which part the library lacks for a workload.
type missing string

func (m missing) Error() string { return string(m) }

func main() {
	line, err := round(os.Args[1:])
	if err == nil {
		fmt.Println(line)
		return
	}
	fmt.Fprintln(os.Stderr, err)
	var lacks missing
	if errors.As(err, &lacks) {
		os.Exit(3)
	}
	os.Exit(1)
}

func round(arguments []string) (string, error) {
	if len(arguments) != 2 {
		return "", errors.New("usage: PROGRAM WORKLOAD SIZE")
	}
	workload := arguments[0]
	size, err := strconv.ParseUint(arguments[1], 10, 32)
	if err != nil {
		return "", err
	}
	count := uint32(size)
	if err := prepare(workload, count); err != nil {
		return "", err
	}
	conn, err := nftables.New(options()...)
	if err != nil {
		return "", err
	}
	if workload == "small-transactions" {
		return smallTransactions(conn, count)
	}
	start := time.Now()
	if err := work(conn, workload, count); err != nil {
		return "", err
	}
	return fmt.Sprintf(`{"seconds": %.9f}`, time.Since(start).Seconds()), nil
}

func work(conn *nftables.Conn, workload string, count uint32) error {
	switch workload {
	case "rules-facts", "rules-port", "rules-nat":
		return loadRules(conn, workload, count)
	case "set-hash", "set-interval", "set-concat", "set-map":
		return loadSet(conn, workload, count)
	case "add-one", "add-one-spread":
		conn.AddRule(rule("rules-port", portChain(), count))
		return conn.Flush()
	case "replace-element":
		return replaceElement(conn)
	case "list":
		return list(conn, int(count))
	case "snapshot", "restore":
		return missing("the library has no snapshot of a ruleset that it could put back")
	}
	return fmt.Errorf("%s: no such workload", workload)
}

func smallTransactions(conn *nftables.Conn, count uint32) (string, error) {
	samples := make([]string, count)
	for index := range samples {
		start := time.Now()
		conn.AddRule(rule("rules-port", portChain(), uint32(index)))
		if err := conn.Flush(); err != nil {
			return "", err
		}
		samples[index] = strconv.FormatFloat(time.Since(start).Seconds(), 'f', 9, 64)
	}
	return `{"samples": [` + strings.Join(samples, ", ") + "]}", nil
}
