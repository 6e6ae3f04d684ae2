//! What the contenders need of the system: found, and installed where it is missing.

use crate::packages::Need;
use crate::process::{self, is_installed, root};
use crate::setup;

/// Sees to it, as far as it can, that every contender can be built and run.
pub(crate) fn contenders() {
    setup::as_far_as_it_goes(
        missing,
        "the contenders that need such a thing are left out, and the report says so",
    );
}

/// What is missing of what contenders need.
fn missing() -> Vec<Need> {
    let is_there = |peer: &str| root().join("benches/peers").join(peer).is_dir();
    let mut missing = Vec::new();
    if !is_installed("nft") {
        missing.push(Need::Nft);
    }
    if !is_installed("iptables-nft-restore") {
        missing.push(Need::Iptables);
    }
    if is_there("rustables") && !has_libclang() {
        missing.push(Need::Libclang);
    }
    if is_there("google-nftables") && !is_installed("go") {
        missing.push(Need::Go);
    }
    missing
}

/// True where bindgen will find `libclang.so`.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let known = process::output(process::command("ldconfig").arg("-p")).unwrap_or_default();
    known.lines().any(|line| is_libclang(line.trim())) || has_llvm_libclang()
}

/// Debian keeps it in a directory of each version of LLVM.
fn has_llvm_libclang() -> bool {
    let Ok(entries) = std::fs::read_dir("/usr/lib") else { return false };
    entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("llvm")).any(|llvm| {
        let Ok(files) = std::fs::read_dir(llvm.path().join("lib")) else { return false };
        files.flatten().any(|file| is_libclang(&file.file_name().to_string_lossy()))
    })
}

/// `libclang-cpp.so` is another library.
fn is_libclang(file: &str) -> bool {
    file.starts_with("libclang.so") || (file.starts_with("libclang-") && !file.starts_with("libclang-cpp"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_interface_is_told_from_the_other() {
        assert!(is_libclang("libclang.so.1") && is_libclang("libclang-14.so.14.0.6"));
        assert!(!is_libclang("libclang-cpp.so.14"));
    }
}
