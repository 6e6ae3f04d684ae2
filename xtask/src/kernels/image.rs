//! What is made of a kernel's packages: the ELF image, and an archive with its network modules.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cpio::{Archive, entries};
use super::debian::Suite;
use crate::process::{self, Result, check, doing, failed};

/// A kernel that can be booted.
pub(crate) struct Kernel {
    /// `uname -r`.
    pub(crate) release: String,
    /// The ELF image. qemu starts it directly (PVH), which saves unpacking it under emulation.
    pub(crate) image: PathBuf,
    /// The archive with `/lib/modules`.
    pub(crate) modules: PathBuf,
}

/// Where modules are that tests may need, with all that those need in turn.
const MODULES: [&str; 5] = ["net", "crypto", "lib", "arch", "drivers/net"];
/// Drivers of devices that no guest has.
const HARDWARE: [&str; 3] = ["ethernet", "hyperv", "wireless"];

impl Kernel {
    /// The kernel of this version, from the cache or from Debian.
    pub(crate) fn get(version: &str, cache: &Path) -> Result<Kernel> {
        if let Some(kernel) = Kernel::cached(version, cache) {
            return Ok(kernel);
        }
        let suite = Suite::of(version, cache)?;
        let release = suite.newest(version)?;
        let place = cache.join(version);
        let packages = place.join("packages");
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&packages).map_err(doing(format!("make {}", packages.display())))?;
        suite.unpack(&release, &packages)?;
        write_image(&packed_image(&packages, &release)?, &place.join("vmlinux"))?;
        write_modules(&packages, &release, &place.join("modules.cpio"))?;
        let _ = std::fs::remove_dir_all(&packages);
        // Last, for it says that the rest is whole.
        std::fs::write(place.join("release"), &release).map_err(doing("note the kernel's release"))?;
        Kernel::cached(version, cache).map_or_else(|| failed(format!("Linux {version} vanished")), Ok)
    }

    fn cached(version: &str, cache: &Path) -> Option<Kernel> {
        let place = cache.join(version);
        let release = std::fs::read_to_string(place.join("release")).ok()?;
        Some(Kernel { release, image: place.join("vmlinux"), modules: place.join("modules.cpio") })
    }
}

/// The image in a kernel's packages: the newest have it beside the modules.
fn packed_image(packages: &Path, release: &str) -> Result<PathBuf> {
    let places = [format!("boot/vmlinuz-{release}"), format!("usr/lib/modules/{release}/vmlinuz")];
    match places.iter().map(|place| packages.join(place)).find(|path| path.is_file()) {
        Some(found) => Ok(found),
        None => failed(format!("the packages of Linux {release} hold no {}", places.join(" and no "))),
    }
}

/// Writes the ELF image that is packed in a bzImage.
fn write_image(packed: &Path, image: &Path) -> Result {
    let bytes = std::fs::read(packed).map_err(doing(format!("read {}", packed.display())))?;
    let Some((payload, program)) = payload(&bytes) else {
        return failed(format!("{} is no bzImage of a known compression", packed.display()));
    };
    let part = image.with_extension("part");
    std::fs::write(&part, payload).map_err(doing(format!("write {}", part.display())))?;
    let opened = File::open(&part).map_err(doing(format!("open {}", part.display())))?;
    let created = File::create(image).map_err(doing(format!("make {}", image.display())))?;
    process::run(process::command(program).arg("-dc").stdin(opened).stdout(created))?;
    std::fs::remove_file(&part).map_err(doing(format!("remove {}", part.display())))
}

/// The packed kernel in a bzImage and the program that unpacks it (Documentation/arch/x86/boot.rst).
fn payload(bytes: &[u8]) -> Option<(&[u8], &'static str)> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
    // setup_sects, payload_offset and payload_length, whose last four bytes are the unpacked size.
    let start = (usize::from(*bytes.get(0x1f1)?) + 1) * 512 + word(0x248)?;
    let payload = bytes.get(start..(start + word(0x24c)?).checked_sub(4)?)?;
    let program = match payload.get(..2)? {
        b"\x02\x21" => "lz4",
        b"\x28\xb5" => "zstd",
        b"\x1f\x8b" => "gzip",
        b"\xfd7" => "xz",
        _ => return None,
    };
    Some((payload, program))
}

/// Writes the archive of the modules, unpacked, since unpacking is slow in the guest.
fn write_modules(packages: &Path, release: &str, to: &Path) -> Result {
    let place = Path::new("lib/modules").join(release);
    // The newest packages have them below /usr.
    let found = ["", "usr"].map(|above| packages.join(above).join(&place));
    let Some(from) = found.iter().find(|path| path.join("kernel").is_dir()) else {
        return failed(format!("the packages of Linux {release} hold no modules"));
    };
    // depmod wants the directory that holds lib/modules.
    let stage = packages.join("stage");
    for part in MODULES {
        stage_modules(&from.join("kernel").join(part), &stage.join(&place).join("kernel").join(part))?;
    }
    for name in ["modules.builtin", "modules.order", "modules.builtin.modinfo"] {
        let file = from.join(name);
        if file.is_file() {
            std::fs::copy(&file, stage.join(&place).join(name))
                .map_err(doing(format!("copy {}", file.display())))?;
        }
    }
    let mut depmod = process::command("depmod");
    depmod.arg("-b").arg(&stage).arg(release).stderr(Stdio::null());
    process::run(&mut depmod)?;
    let mut archive = Archive::default();
    archive.copy_tree_as(&stage.join("lib"), Path::new("/lib"))?;
    std::fs::write(to, archive.finish()).map_err(doing(format!("write {}", to.display())))
}

/// Copies modules, each unpacked.
fn stage_modules(from: &Path, to: &Path) -> Result {
    if !from.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(to).map_err(doing(format!("make {}", to.display())))?;
    for (name, path) in entries(from)? {
        let program = match path.extension().and_then(OsStr::to_str) {
            _ if path.is_dir() => {
                if !HARDWARE.iter().any(|hardware| name == *hardware) {
                    stage_modules(&path, &to.join(name))?;
                }
                continue;
            }
            Some("xz") => "xz",
            Some("zst") => "zstd",
            Some("ko") => "cat",
            _ => continue,
        };
        let target = to.join(&name);
        let target = if program == "cat" { target } else { target.with_extension("") };
        let created = File::create(&target).map_err(doing(format!("make {}", target.display())))?;
        let mut unpack: Command = process::command(program);
        if program != "cat" {
            unpack.arg("-dc");
        }
        let status = unpack.arg(&path).stdout(created).status().map_err(doing(format!("start {program}")))?;
        check(&unpack, status)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_kernel_is_found_in_its_image() {
        let mut image = vec![0; 4 * 512];
        image[0x1f1] = 1;
        image[0x248..0x250].copy_from_slice(&[16, 0, 0, 0, 12, 0, 0, 0]);
        image[1040..1048].copy_from_slice(b"\x28\xb5packed");
        assert_eq!(payload(&image), Some((&b"\x28\xb5packed"[..], "zstd")));
        image[1040] = 0;
        assert_eq!(payload(&image), None);
        assert_eq!(payload(&image[..100]), None);
    }
}
