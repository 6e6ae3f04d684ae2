package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
)

// prepare loads by `nft -f -` what the workload begins with, unless whoever started this program has done so.
func prepare(workload string, count uint32) error {
	if os.Getenv("BENCH_PREPARED") == "1" {
		return nil
	}
	var text strings.Builder
	switch workload {
	case "add-one":
		prepareRules(&text, count, func(i uint32) string { return fmt.Sprintf("tcp dport %d accept", port(i)) })
	case "small-transactions":
		prepareRules(&text, 0, nil)
	case "list":
		prepareRules(&text, count, func(i uint32) string {
			return fmt.Sprintf("meta l4proto tcp ip saddr %s tcp dport %d ct state new,established counter accept",
				net.IP(address(i)), port(i))
		})
	case "replace-element":
		fmt.Fprintf(&text, "table ip %s {\n set %s { type ipv4_addr; size %d; elements = {\n", tableName, setName, count)
		for index := uint32(0); index < count; index++ {
			fmt.Fprintf(&text, "%s,\n", net.IP(address(index)))
		}
		text.WriteString("} }\n}\n")
	default:
		return nil
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(text.String())
	nft.Stderr = os.Stderr
	if err := nft.Run(); err != nil {
		return fmt.Errorf("nft -f - (preparing): %w", err)
	}
	return nil
}

func prepareRules(text *strings.Builder, count uint32, rule func(uint32) string) {
	fmt.Fprintf(text, "table ip %s {\n chain %s {\n type filter hook input priority 0; policy accept;\n", tableName, chainName)
	for index := uint32(0); index < count; index++ {
		text.WriteString(rule(index))
		text.WriteByte('\n')
	}
	text.WriteString("}\n}\n")
}
