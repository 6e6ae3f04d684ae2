//! The words of each package manager: what the things that are needed are called, and how they are installed.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process;

/// Something that the system must have, or that the tests compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// A C compiler, which Rust uses to link.
    Linker,
    /// `pkg-config`, which finds the C libraries.
    PkgConfig,
    /// libmnl with its development files.
    Libmnl,
    /// libnftnl with its development files.
    Libnftnl,
    /// Valgrind, which counts instructions.
    Valgrind,
    /// The reference program `nft`.
    Nft,
    /// The reference program `iptables-nft`.
    Iptables,
    /// libclang, by which a peer of the benchmarks reads C headers.
    Libclang,
    /// The Go compiler, for another peer; where an old one is packaged, with the library for it.
    Go,
}

/// A system's package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manager {
    /// The program, by whose presence it is recognised.
    program: &'static str,
    install: &'static [&'static str],
    /// Refreshes the lists of packages, for when an install finds none.
    refresh: &'static [&'static str],
    /// Says "ask nothing".
    environment: &'static [(&'static str, &'static str)],
    linker: &'static [&'static str],
    pkg_config: &'static str,
    libmnl: &'static str,
    libnftnl: &'static str,
    nft: &'static str,
    iptables: &'static str,
    libclang: &'static str,
    go: &'static [&'static str],
}

/// The ones that are known, in the order in which they are looked for.
const MANAGERS: [Manager; 6] = [
    Manager {
        program: "apt-get",
        install: &["install", "-y", "--no-install-recommends"],
        refresh: &["update"],
        environment: &[("DEBIAN_FRONTEND", "noninteractive")],
        linker: &["gcc", "libc6-dev"],
        pkg_config: "pkg-config",
        libmnl: "libmnl-dev",
        libnftnl: "libnftnl-dev",
        nft: "nftables",
        iptables: "iptables",
        libclang: "libclang-dev",
        go: &["golang-go", "golang-github-google-nftables-dev"],
    },
    DNF,
    Manager { program: "yum", ..DNF },
    Manager {
        program: "pacman",
        install: &["-S", "--noconfirm", "--needed"],
        refresh: &["-Sy", "--noconfirm"],
        environment: &[],
        linker: &["gcc"],
        pkg_config: "pkgconf",
        libmnl: "libmnl",
        libnftnl: "libnftnl",
        nft: "nftables",
        iptables: "iptables",
        libclang: "clang",
        go: &["go"],
    },
    Manager {
        program: "zypper",
        install: &["--non-interactive", "install"],
        refresh: &["--non-interactive", "refresh"],
        environment: &[],
        linker: &["gcc"],
        pkg_config: "pkg-config",
        libmnl: "libmnl-devel",
        libnftnl: "libnftnl-devel",
        nft: "nftables",
        iptables: "iptables",
        libclang: "clang-devel",
        go: &["go"],
    },
    Manager {
        program: "apk",
        install: &["add"],
        refresh: &["update"],
        environment: &[],
        linker: &["gcc", "musl-dev"],
        pkg_config: "pkgconf",
        libmnl: "libmnl-dev",
        libnftnl: "libnftnl-dev",
        nft: "nftables",
        iptables: "iptables",
        libclang: "clang-dev",
        go: &["go"],
    },
];

/// Fedora and its relatives; `yum` is the same under an older name.
const DNF: Manager = Manager {
    program: "dnf",
    install: &["install", "-y"],
    refresh: &["makecache"],
    environment: &[],
    linker: &["gcc"],
    pkg_config: "pkgconf-pkg-config",
    libmnl: "libmnl-devel",
    libnftnl: "libnftnl-devel",
    nft: "nftables",
    iptables: "iptables-nft",
    libclang: "clang-devel",
    go: &["golang"],
};

impl Need {
    /// What it is called in a sentence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Need::Linker => "a C compiler (cc)",
            Need::PkgConfig => "pkg-config",
            Need::Libmnl => "libmnl 1.0.4 or later",
            Need::Libnftnl => "libnftnl 1.2.0 or later",
            Need::Valgrind => "valgrind",
            Need::Nft => "nft",
            Need::Iptables => "iptables-nft",
            Need::Libclang => "libclang",
            Need::Go => "Go",
        }
    }
}

impl Manager {
    /// The package manager of this system.
    pub(crate) fn of_this_system() -> Option<Manager> {
        Self::first_of(process::is_installed)
    }

    fn first_of(is_installed: impl Fn(&str) -> bool) -> Option<Manager> {
        MANAGERS.into_iter().find(|manager| is_installed(manager.program))
    }

    /// The packages that bring these things.
    pub(crate) fn packages(&self, needs: &[Need]) -> Vec<&'static str> {
        let mut packages = Vec::new();
        for need in needs {
            match need {
                Need::Linker => packages.extend(self.linker),
                Need::PkgConfig => packages.push(self.pkg_config),
                Need::Libmnl => packages.push(self.libmnl),
                Need::Libnftnl => packages.push(self.libnftnl),
                // Everywhere called the same.
                Need::Valgrind => packages.push("valgrind"),
                Need::Nft => packages.push(self.nft),
                Need::Iptables => packages.push(self.iptables),
                Need::Libclang => packages.push(self.libclang),
                Need::Go => packages.extend(self.go),
            }
        }
        packages
    }

    /// The command that installs these packages and asks nothing.
    pub(crate) fn install(&self, packages: &[&str]) -> Command {
        let mut command = self.command(self.install);
        command.args(packages);
        command
    }

    /// The command that refreshes the lists of packages.
    pub(crate) fn refresh(&self) -> Command {
        self.command(self.refresh)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = process::command(self.program);
        command.args(arguments).envs(self.environment.iter().copied()).stdin(Stdio::null());
        command
    }

    /// True if this system's lists of packages were never fetched, as in a fresh container.
    pub(crate) fn lists_are_empty(&self) -> bool {
        self.program == "apt-get" && !holds_package_lists(Path::new("/var/lib/apt/lists"))
    }

    /// What an ordinary user types to install these packages.
    pub(crate) fn with_sudo(&self, packages: &[&str], refresh_first: bool) -> String {
        let words = |arguments: &[&str]| format!("sudo {} {}", self.program, arguments.join(" "));
        let install = format!("{} {}", words(self.install), packages.join(" "));
        if refresh_first { format!("{} && {install}", words(self.refresh)) } else { install }
    }
}

fn holds_package_lists(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Need; 8] = [
        Need::Linker,
        Need::PkgConfig,
        Need::Libmnl,
        Need::Libnftnl,
        Need::Nft,
        Need::Iptables,
        Need::Libclang,
        Need::Go,
    ];

    fn manager(program: &str) -> Manager {
        Manager::first_of(|name| name == program).expect("a known manager")
    }

    #[test]
    fn every_need_has_a_package_everywhere() {
        for manager in MANAGERS {
            let packages = manager.packages(&ALL);
            assert!(packages.len() >= ALL.len(), "{}", manager.program);
            assert!(packages.iter().all(|package| !package.is_empty()), "{}", manager.program);
        }
    }

    #[test]
    fn packages_are_called_as_each_system_calls_them() {
        let libraries = [Need::Libmnl, Need::Libnftnl, Need::PkgConfig, Need::Linker];
        let of = |program| manager(program).packages(&libraries).join(" ");
        assert_eq!(of("apt-get"), "libmnl-dev libnftnl-dev pkg-config gcc libc6-dev");
        assert_eq!(of("dnf"), "libmnl-devel libnftnl-devel pkgconf-pkg-config gcc");
        assert_eq!(of("yum"), of("dnf"));
        assert_eq!(of("pacman"), "libmnl libnftnl pkgconf gcc");
        assert_eq!(of("zypper"), "libmnl-devel libnftnl-devel pkg-config gcc");
        assert_eq!(of("apk"), "libmnl-dev libnftnl-dev pkgconf gcc musl-dev");
    }

    #[test]
    fn commands_are_shown_in_full() {
        let install = manager("apt-get").install(&["libnftnl-dev"]);
        let text = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends libnftnl-dev";
        assert_eq!(process::shown(&install), text);
        assert_eq!(process::shown(&manager("pacman").refresh()), "pacman -Sy --noconfirm");
        let sudo = manager("apk").with_sudo(&["libmnl-dev"], true);
        assert_eq!(sudo, "sudo apk update && sudo apk add libmnl-dev");
    }

    #[test]
    fn dnf_goes_before_yum_and_an_unknown_system_has_none() {
        let both = Manager::first_of(|name| name == "yum" || name == "dnf");
        assert_eq!(both.map(|manager| manager.program), Some("dnf"));
        assert_eq!(Manager::first_of(|_| false), None);
    }
}
