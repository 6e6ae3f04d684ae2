//! The contender in Go.
//!
//! With Go 1.21 or later it is built from its `go.mod`, which takes the library from Go's module proxy. An older Go, or one
//! that has no network, takes the library that Debian packages, which is older, too: the report tells the version.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::build_dir;
use crate::process::{self, is_installed, output, shown};

/// What `go.mod` asks for.
const WITH_MODULES: (u32, u32) = (1, 21);
/// Where Debian keeps the sources of Go libraries.
const DEBIAN: &str = "/usr/share/gocode";

/// Builds it, and gives the program with the version of the library in it.
pub(super) fn build(dir: &Path, name: &str) -> Result<(PathBuf, String), String> {
    if !is_installed("go") {
        return Err("Go is not installed".into());
    }
    let program = build_dir().join(name);
    let _ = std::fs::create_dir_all(build_dir());
    let of_go = output(process::command("go").arg("version")).unwrap_or_default();
    let is_new = parsed(&of_go).is_some_and(|version| version >= WITH_MODULES);
    if let Some(version) = is_new.then(|| with_modules(dir, &program)).flatten() {
        return Ok((program, version));
    }
    if !Path::new(DEBIAN).join("src/github.com/google/nftables").is_dir() {
        return Err(format!("the library can neither be fetched nor found in {DEBIAN}"));
    }
    let mut command = go(dir, &program);
    command.args(["-tags", "debian", "."]).env("GO111MODULE", "off").env("GOPATH", DEBIAN);
    run(&mut command)?;
    let package = "golang-github-google-nftables-dev";
    let version = output(process::command("dpkg-query").args(["-W", "-f", "${Version}", package]));
    Ok((program, format!("google/nftables {} (Debian)", version.unwrap_or_default())))
}

/// In a copy: Go writes sums of what it fetches beside `go.mod`.
fn with_modules(dir: &Path, program: &Path) -> Option<String> {
    let copy = program.with_extension("src");
    std::fs::create_dir_all(&copy).ok()?;
    for file in std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()) {
        std::fs::copy(&file, copy.join(file.file_name()?)).ok()?;
    }
    run(go(&copy, program).args(["-mod=mod", "."])).ok()?;
    required(&std::fs::read_to_string(copy.join("go.mod")).ok()?)
}

fn go(dir: &Path, program: &Path) -> Command {
    let mut command = process::command("go");
    command.args(["build", "-o"]).arg(program).current_dir(dir).env("GOCACHE", build_dir().join("go-cache"));
    command
}

fn run(command: &mut Command) -> Result<(), String> {
    eprintln!("$ {}", shown(command));
    process::run(command).map_err(|_| "it does not build; the reason is above".to_owned())
}

/// Major and minor of `go version go1.19.8 linux/amd64`.
fn parsed(text: &str) -> Option<(u32, u32)> {
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("go1."))?;
    let minor = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((1, minor.parse().ok()?))
}

/// The version of the library that a `go.mod` requires.
fn required(module: &str) -> Option<String> {
    let mut words =
        module.lines().find_map(|line| line.split_once("github.com/google/nftables "))?.1.split_whitespace();
    words.next().map(|version| format!("google/nftables {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_and_of_the_library() {
        assert_eq!(parsed("go version go1.19.8 linux/amd64\n"), Some((1, 19)));
        assert_eq!(parsed("go version go1.22rc1 linux/arm64"), Some((1, 22)));
        assert_eq!(parsed(""), None);
        let module =
            "module x\nrequire (\n\tgithub.com/google/nftables v0.3.0\n\tgolang.org/x/sys v0.1.0\n)\n";
        assert_eq!(required(module).as_deref(), Some("google/nftables v0.3.0"));
        assert_eq!(
            required("require github.com/google/nftables v1.0.0 // x").as_deref(),
            Some("google/nftables v1.0.0")
        );
        assert_eq!(required("module x"), None);
    }
}
