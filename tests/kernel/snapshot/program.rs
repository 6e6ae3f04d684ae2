//! The example `snapshot`: files, options, and what it says where something is wrong.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use portcullis::{Chain, Family, Rule, Ruleset, Table, TableFlags, Transaction};
use portcullis_world::{Host, need_namespaces, skip};

use super::{Folder, dump, example, same, sentence, snapshot, succeeded};
use crate::support::{edge, open};

/// Everything in the place of what is there, one table, or beside what is there.
#[test]
fn what_else_is_there_goes_or_stays() {
    need_namespaces!();
    let host = Host::new("server");
    let folder = Folder::new("replace");
    let file = folder.file("rules");
    let (all, one) = (folder.file("all"), folder.file("one"));
    let mut firewall = open(&host);
    let other = |name: &str| Ruleset::new().table(Table::new(Family::Ip, name).chain(Chain::new("c")));
    firewall.apply(Ruleset::new().table(edge())).unwrap();
    firewall.apply(other("second")).unwrap();
    let before = dump::of(&host);
    succeeded(&snapshot(&host, "save", Some(&all), &[]));
    succeeded(&snapshot(&host, "save", Some(&one), &["--table", "inet edge"]));

    let mut lose = Transaction::new();
    lose.delete_table((Family::Inet, "edge"));
    lose.add_table(Table::new(Family::Ip, "third").flags(TableFlags::DORMANT));
    lose.flush_table((Family::Ip, "second"));
    lose.delete_chain((Family::Ip, "second", "c"));
    let tables = |firewall: &mut portcullis::Netfilter| {
        let tables = firewall.tables(None).unwrap();
        tables.into_iter().map(|table| table.name).collect::<Vec<_>>().join(" ")
    };
    firewall.commit(&lose).unwrap();
    let generation = firewall.generation().unwrap().id;
    let said = succeeded(&snapshot(&host, "restore", Some(&all), &["--dry-run"]));
    assert_eq!(said, "the kernel would accept this; nothing was changed\n");
    assert_eq!(firewall.generation().unwrap().id, generation);
    succeeded(&snapshot(&host, "restore", Some(&all), &[]));
    same(&before, &dump::of(&host));

    firewall.commit(&lose).unwrap();
    succeeded(&snapshot(&host, "restore", Some(&one), &[]));
    assert_eq!(tables(&mut firewall), "second third edge");
    assert!(firewall.chains((Family::Ip, "second")).unwrap().is_empty());

    firewall.apply(other("second")).unwrap();
    firewall.commit(&lose).unwrap();
    succeeded(&snapshot(&host, "restore", Some(&all), &["--keep-others"]));
    assert_eq!(tables(&mut firewall), "second third edge");
    assert_eq!(firewall.chains((Family::Ip, "second")).unwrap().len(), 1);

    firewall.commit(&lose).unwrap();
    succeeded(&snapshot(&host, "restore", Some(&all), &["--table", "inet edge"]));
    assert_eq!(tables(&mut firewall), "second third edge");
    assert_eq!(
        sentence(&snapshot(&host, "restore", Some(&all), &["--table", "inet nothing"])),
        format!("snapshot: {}: the snapshot has no table inet nothing", all.display())
    );
    assert_eq!(
        sentence(&snapshot(&host, "save", Some(&file), &["--table", "inet nothing"])),
        "snapshot: there is no table inet nothing"
    );
    assert!(!file.exists());
}

#[test]
fn a_damaged_file_leaves_the_kernel_alone() {
    need_namespaces!();
    let host = Host::new("server");
    let folder = Folder::new("damaged");
    let file = folder.file("rules");
    let mut firewall = open(&host);
    firewall
        .apply(Ruleset::new().table(edge().chain(Chain::new("c").rule(Rule::new().counter().drop()))))
        .unwrap();
    succeeded(&snapshot(&host, "save", Some(&file), &[]));
    let good = fs::read_to_string(&file).unwrap();
    let line = |start: &str| good.lines().position(|line| line.starts_with(start)).unwrap() + 1;
    let generation = firewall.generation().unwrap().id;
    let rule = line("rule inet edge c 1");
    let damaged = good.replace("counter", "countre").replace("# countre", "# counter");
    let half: String = good.lines().take(rule).map(|line| format!("{line}\n")).collect();
    for (text, expected) in [
        (
            damaged,
            format!(
                "line {} (rule inet edge c 1): the checksum does not fit: lines {rule} to {} are not as they were \
                 written",
                rule + 1,
                rule + 1
            ),
        ),
        (
            half,
            format!(
                "line {rule} (rule inet edge c 1): the snapshot stops here without its line \"end\": the rest of it \
                 is missing"
            ),
        ),
        (
            "*filter\nCOMMIT\n".to_owned(),
            "this is no snapshot of portcullis: its first line is \"*filter\", not \"portcullis snapshot 1\""
                .to_owned(),
        ),
    ] {
        fs::write(&file, text).unwrap();
        let said = sentence(&snapshot(&host, "restore", Some(&file), &[]));
        assert_eq!(said, format!("snapshot: {}: {expected}", file.display()));
    }
    assert_eq!(firewall.generation().unwrap().id, generation);
    let missing = sentence(&snapshot(&host, "restore", Some(&folder.file("none")), &[]));
    assert!(missing.contains("No such file"), "{missing}");
}

#[test]
fn a_file_is_whole_and_for_its_owner_only() {
    need_namespaces!();
    let host = Host::new("server");
    let folder = Folder::new("file");
    let (file, link) = (folder.file("rules"), folder.file("link"));
    open(&host).apply(Ruleset::new().table(edge())).unwrap();
    fs::write(&file, "what was there").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    succeeded(&snapshot(&host, "save", Some(&link), &[]));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
    // The same on standard output, but for the time.
    let text = succeeded(&snapshot(&host, "save", None, &[]));
    let without_time = |text: &str| text.lines().filter(|line| !line.contains("taken")).count();
    assert_eq!(without_time(&text), without_time(&fs::read_to_string(&file).unwrap()));
    // And back from standard input.
    let other = Host::new("other");
    let mut restore = example("snapshot");
    restore.arg("restore").stdin(fs::File::open(&file).unwrap());
    succeeded(&other.output(&mut restore));
    same(&dump::of(&host), &dump::of(&other));
    // A device stays one.
    succeeded(&snapshot(&host, "save", Some(Path::new("/dev/null")), &[]));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert!(
        sentence(&snapshot(&host, "save", Some(&folder.file("no/such/folder")), &[]))
            .contains("No such file")
    );
    let usage = snapshot(&host, "keep", None, &[]);
    assert_eq!(usage.status.code(), Some(2));
    let usage = snapshot(&host, "save", None, &["--add"]);
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&usage.stderr).contains("--add is for restore"));
}

#[test]
fn a_missing_privilege_is_explained() {
    need_namespaces!();
    let host = Host::new("server");
    let folder = Folder::new("privilege");
    let file = folder.file("rules");
    open(&host).apply(Ruleset::new().table(edge())).unwrap();
    succeeded(&snapshot(&host, "save", Some(&file), &[]));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let before = dump::of(&host);
    // Nobody, in a user namespace that does not own the host's network.
    let unprivileged = |command: &Command| {
        let mut nobody = Command::new("unshare");
        nobody.arg("--user").arg(command.get_program()).args(command.get_args());
        host.run(|| nobody.output())
    };
    if !unprivileged(&Command::new("true")).is_ok_and(|output| output.status.success()) {
        skip!("a program without privileges needs unshare, and the permission for user namespaces");
    }
    for arguments in [&["save"][..], &["restore", file.to_str().unwrap()]] {
        let said = sentence(&unprivileged(example("snapshot").args(arguments)).unwrap());
        assert!(said.starts_with("snapshot: ") && said.lines().count() == 1, "{said}");
        assert!(said.contains("permission denied") && said.contains("CAP_NET_ADMIN"), "{said}");
    }
    let mut dry = example("snapshot");
    dry.arg("restore").arg(&file).arg("--dry-run");
    assert!(
        succeeded(&unprivileged(&dry).unwrap())
            .contains("without CAP_NET_ADMIN the kernel could not be asked")
    );
    same(&before, &dump::of(&host));
}
