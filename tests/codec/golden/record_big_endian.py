#!/usr/bin/env python3
"""Records what nft says on a big-endian machine: boots Debian 12's kernel for s390x in emulation, with its nft.

    tests/codec/golden/record_big_endian.py DIRECTORY

Writes nft-1.0.6-big-endian.txt here, and src/language/matches/golden-big-endian.txt. DIRECTORY keeps what is fetched,
and said.txt, what the machine said: remove that to boot again. Wants apt, cpio, gzip and depmod; takes two minutes.
"""
import pathlib, re, shutil, subprocess, sys
import record

REPOSITORY = record.HERE.parents[2]
WORDS = REPOSITORY / "src/language/matches"
KERNEL = "linux-image-s390x"
GUEST = ["nftables", "busybox-static", "kmod"]
QEMU = ["qemu-system-misc", "qemu-system-data"]
MODULES = ["net", "crypto", "lib"]
LOADED = ["crc32c_generic", "libcrc32c", "nf_tables"]
# Once in six boots the emulated kernel ran into the middle of an instruction, and nft hung from there on.
TRIES = 3
FILES = ["services", "protocols", "passwd", "group"]

INIT = """#!/bin/busybox sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox --install -s /bin
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
mount -t tmpfs none /sys/fs/cgroup; mkdir /sys/fs/cgroup/unified; mount -t cgroup2 none /sys/fs/cgroup/unified
ip link set lo up
for module in %s; do modprobe $module; done
nft --version
%s
echo DONE
poweroff -f
"""


def words():
    """The sentences of golden.txt by family."""
    families = {}
    for line in (WORDS / "golden.txt").read_text().splitlines():
        if not line.startswith("#"):
            family, sentence, _ = line.split(" | ", 2)
            families.setdefault(family, []).append(sentence)
    return families


def scripts(to):
    """Writes the files for nft, and gives the commands that run them."""
    to.mkdir()
    for family, sentences in words().items():
        lines = [f"add table {family} t", f"add chain {family} t c"]
        lines += [f"add rule {family} t c {sentence}" for sentence in sentences]
        (to / f"words-{family}").write_text("\n".join(lines) + "\n")
        yield f"echo BEGIN words {family}; TZ=UTC nft --debug=netlink -f /nft/words-{family} 2> /dev/null; echo END"
    for number, (family, chain, sentence) in enumerate(record.sentences()):
        lines = ["flush ruleset", f"add table {family} t", f"add chain {family} t other"]
        lines += [f"add chain {family} t c {{ {chain}; }}", f"add rule {family} t c {sentence}"]
        (to / f"rule-{number}").write_text("\n".join(lines) + "\n")
        yield f"echo BEGIN rule {number}; nft --debug=mnl -f /nft/rule-{number} 2> /dev/null; echo END"


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def unpack(debs, to):
    for deb in debs.glob("*.deb"):
        run("dpkg", "--extract", deb, to)


def fetch(directory):
    """Fetches and unpacks the guest's packages, its kernel, and qemu, without installing anything."""
    root = directory / "apt"
    for place in ["state/lists/partial", "cache/archives/partial"]:
        (root / place).mkdir(parents=True, exist_ok=True)
    (root / "state/status").write_text("")
    uri = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main",
              "Origin: Debian", "Label: Debian", capture_output=True, text=True).stdout.split()[0]
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (root / "sources.list").write_text(f"deb [signed-by={key}] {uri} bookworm main\n")
    settings = {"Dir::Etc::SourceList": root / "sources.list", "Dir::Etc::SourceParts": "/dev/null",
                "Dir::State": root / "state", "Dir::State::status": root / "state/status", "Dir::Cache": root / "cache",
                "APT::Architecture": "s390x", "APT::Architectures": "s390x", "APT::Sandbox::User": "root"}
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    run("apt-get", *options, "-qq", "update")
    run("apt-get", *options, "install", "--download-only", "-y", "-qq", "--no-install-recommends", *GUEST)
    unpack(root / "cache/archives", directory / "guest")
    (directory / "kernel-debs").mkdir()
    image = run("apt-cache", *options, "depends", "--important", KERNEL, capture_output=True, text=True).stdout
    image = re.search(r"Depends: (linux-image-\S+)", image)[1]
    run("apt-get", *options, "-qq", "download", image, cwd=directory / "kernel-debs")
    unpack(directory / "kernel-debs", directory / "kernel")
    (directory / "qemu-debs").mkdir()
    run("apt-get", "-qq", "download", *QEMU, cwd=directory / "qemu-debs")
    unpack(directory / "qemu-debs", directory / "qemu")


def image(directory):
    """Writes the guest's file system."""
    guest = directory / "guest"
    [modules] = (directory / "kernel/lib/modules").iterdir()
    to = guest / "lib/modules" / modules.name
    for name in MODULES:
        shutil.copytree(modules / "kernel" / name, to / "kernel" / name, dirs_exist_ok=True)
    for name in ["modules.builtin", "modules.order"]:
        shutil.copy(modules / name, to)
    run("depmod", "-b", guest, modules.name)
    for name in ["proc", "sys", "dev", "etc"]:
        (guest / name).mkdir(exist_ok=True)
    for name in FILES:
        shutil.copy(f"/etc/{name}", guest / "etc")
    shutil.rmtree(guest / "nft", ignore_errors=True)
    init = guest / "init"
    init.write_text(INIT % (" ".join(LOADED), "\n".join(scripts(guest / "nft"))))
    init.chmod(0o755)
    run("sh", "-c", "find . -path ./usr/share -prune -o -print | cpio -o -H newc --quiet | gzip -1 > ../initrd", cwd=guest)


def boot(directory):
    [kernel] = (directory / "kernel/boot").glob("vmlinuz-*")
    qemu = directory / "qemu/usr"
    command = [qemu / "bin/qemu-system-s390x", "-L", qemu / "share/qemu", "-M", "s390-ccw-virtio", "-m", "1024"]
    command += ["-nographic", "-no-reboot", "-kernel", kernel, "-initrd", directory / "initrd"]
    command += ["-append", "console=ttysclp0 loglevel=4 oops=panic panic=-1"]
    partial = directory / "said.partial"
    for _ in range(TRIES):
        with partial.open("w") as said:
            subprocess.run(["timeout", "600", *map(str, command)], stdin=subprocess.DEVNULL, stdout=said)
        if re.search("^DONE", partial.read_text(errors="replace"), re.M):
            break
        print("the machine did not come to its end", file=sys.stderr)
    else:
        sys.exit(f"{partial} says how far it came")
    partial.rename(directory / "said.txt")


def fold(said, family, sentences):
    """What nft --debug=netlink says of many rules, in the lines of golden.txt."""
    rules, elements, lines = [], [], None
    for line in said.splitlines():
        if line.startswith("  ["):
            lines.append(line.strip())
        elif line.startswith("\telement"):
            elements.append(re.findall(r"element ((?:[0-9a-f]{8} ?)+) *: (\d+)", line))
        elif line == f"{family} t c":
            lines = []
            rules.append((lines, elements))
            elements = []
    for sentence, (lines, sets) in zip(sentences, rules, strict=True):
        folded, sets = [], iter(sets)
        for line in lines:
            folded.append(line)
            if line.startswith("[ lookup"):
                keys = [key.strip().replace(" ", ".") + "!" * int(end) for key, end in next(sets)]
                if not any(key.endswith("!") for key in keys):
                    keys.sort()
                folded.append("{ " + " ".join(keys) + " }")
        yield sentence, " ".join(folded)


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    if not (directory / "said.txt").exists():
        if not (directory / "qemu").exists():
            fetch(directory)
        image(directory)
        boot(directory)
    said = (directory / "said.txt").read_text(errors="replace").replace("\r", "")
    part = lambda name: re.search(rf"^BEGIN {name}\n(.*?)^END$", said, re.S | re.M)[1]
    folded = {family: dict(fold(part(f"words {family}"), family, sentences)) for family, sentences in words().items()}
    target = WORDS / "golden-big-endian.txt"
    lines = [line for line in target.read_text().splitlines() if line.startswith("#")]
    for line in (WORDS / "golden.txt").read_text().splitlines():
        if not line.startswith("#"):
            family, sentence, _ = line.split(" | ", 2)
            lines.append(f"{family} | {sentence} | {folded[family][sentence]}")
    target.write_text("\n".join(lines) + "\n")
    rules = []
    for number, sentence in enumerate(record.sentences()):
        found = [body for kind, body in record.messages(part(f"rule {number}"), "big") if kind == record.NEWRULE]
        if len(found) != 1:
            sys.exit(f"{sentence}: {len(found)} rules")
        rules.append(found[0].hex())
    version = re.search(r"nftables v.*", said)[0]
    with (record.HERE / "nft-1.0.6-big-endian.txt").open("w") as out:
        record.write(version, "big", rules, out)


main(pathlib.Path(sys.argv[1]).resolve())
