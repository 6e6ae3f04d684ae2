#!/usr/bin/env python3
"""Records what nft sends for each sentence of sentences.txt: the NEWRULE message, as hexadecimal.

    tests/codec/golden/record.py > tests/codec/golden/nft-1.0.6-little-endian.txt

Runs nft in network namespaces of its own (needs root). A line of sentences.txt is FAMILY | CHAIN | SENTENCE.
"""
import pathlib, re, subprocess, sys

HERE = pathlib.Path(__file__).parent
NEWRULE = 2566


def messages(dump):
    """The messages of nft --debug=mnl: (type, bytes behind the netlink header)."""
    dump = re.sub(r"\x1b\[[0-9;]*m", "", dump)
    kind, body = None, bytearray()
    for line in dump.splitlines():
        if "message length" in line:
            if kind is not None:
                yield kind, bytes(body)
            kind, body = None, bytearray()
        elif "|  type | flags  |" in line:
            kind = int(re.search(r"\|\s*(\d+)", line)[1])
        elif "|len |flags| type|" in line:
            length, flags, number = re.search(r"\|\s*(\d+)\s*\|?([-NB]{2})\|?\s*(\d+)\s*\|", line).groups()
            number = int(number) | (0x8000 if "N" in flags else 0) | (0x4000 if "B" in flags else 0)
            body += int(length).to_bytes(2, sys.byteorder) + number.to_bytes(2, sys.byteorder)
        elif "|      data      |" in line or "|  extra header  |" in line:
            body += bytes.fromhex("".join(re.match(r"\|\s*((?:[0-9a-f]{2} ){4})", line)[1].split()))
    if kind is not None:
        yield kind, bytes(body)


def record(family, chain, sentence):
    script = (
        f"nft add table {family} t && nft add chain {family} t other && nft 'add chain {family} t c {{ {chain}; }}'"
        f" && nft --debug=mnl 'add rule {family} t c {sentence}'"
    )
    run = subprocess.run(["unshare", "-n", "sh", "-c", "ip link set lo up; " + script], capture_output=True, text=True)
    rules = [body for kind, body in messages(run.stdout + run.stderr) if kind == NEWRULE]
    if len(rules) != 1:
        sys.exit(f"{family} {sentence}: {len(rules)} rules, {run.stderr[-300:]}")
    return rules[0].hex()


version = subprocess.run(["nft", "--version"], capture_output=True, text=True).stdout.strip()
print(f"# Recorded by record.py from {version} on a {sys.byteorder}-endian machine: nfgenmsg and attributes of NEWRULE.")
for line in (HERE / "sentences.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        family, chain, sentence = (part.strip() for part in line.split("|", 2))
        print(f"# nft --debug=mnl 'add rule {family} t c {sentence}'\n{record(family, chain, sentence)}")
