#!/usr/bin/env python3
"""Records what nft sends for each sentence of sentences.txt: the NEWRULE message, as hexadecimal.

    tests/codec/golden/record.py > tests/codec/golden/nft-1.0.6-little-endian.txt

record_big_endian.py does the same for a big-endian machine.

Runs nft in network namespaces of its own (needs root). A line of sentences.txt is FAMILY | CHAIN | SENTENCE.
"""
import pathlib, re, subprocess, sys

HERE = pathlib.Path(__file__).parent
NEWRULE = 2566


def messages(dump, order=sys.byteorder):
    """The messages of nft --debug=mnl on a machine of this byte order: (type, bytes behind the netlink header)."""
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
            body += int(length).to_bytes(2, order) + number.to_bytes(2, order)
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


def sentences():
    for line in (HERE / "sentences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            yield tuple(part.strip() for part in line.split("|", 2))


def write(version, order, rules, out=sys.stdout):
    print(f"# Recorded by record.py from {version} on a {order}-endian machine: nfgenmsg and attributes of NEWRULE.", file=out)
    for (family, _, sentence), rule in zip(sentences(), rules, strict=True):
        print(f"# nft --debug=mnl 'add rule {family} t c {sentence}'\n{rule}", file=out)


if __name__ == "__main__":
    version = subprocess.run(["nft", "--version"], capture_output=True, text=True).stdout.strip()
    write(version, sys.byteorder, (record(*sentence) for sentence in sentences()))
