//! The control group, version 2, of the program whose packet it is: iptables' `-m cgroup --path`, nft's `socket
//! cgroupv2`.

use std::{
    io,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use crate::{
    Invalid, Rule,
    expr::{Data, Expr, Register, Socket, SocketKey},
    language::{
        Datatype, Item, Lift, Lifting, Lower, Lowering, Matching, Operand, lift::host_u64, matching_from,
    },
};

/// A control group, as the kernel's rules name it.
///
/// The number is that of the group which had the path when it was looked up. Removing the group and making it
/// again gives another number: make the group first, and the rule again after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct CgroupV2 {
    /// How deep it is: 1 for a group right under the root. Packets of its descendants are matched too.
    pub level: u8,
    /// The kernel's number: the inode number of its directory.
    pub id: u64,
}

/// Where version 2 is mounted: alone, or beside version 1.
const MOUNTS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

impl CgroupV2 {
    /// Looks up a group by its path from the root of the groups, such as `system.slice/sshd.service`.
    ///
    /// This reads the file system of this machine, `/sys/fs/cgroup`.
    ///
    /// # Errors
    /// [`NotFound`](io::ErrorKind::NotFound) where no groups of version 2 are mounted or there is no such group,
    /// [`NotADirectory`](io::ErrorKind::NotADirectory) where the path is a file's, and
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) where it has `..` in it; each with the path in its text.
    pub fn of(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let mount =
            MOUNTS.map(PathBuf::from).into_iter().find(|mount| mount.join("cgroup.controllers").exists());
        let mount = mount.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "no control groups of version 2 at /sys/fs/cgroup")
        })?;
        Self::below(&mount, path).map_err(|error| {
            io::Error::new(error.kind(), format!("control group \"{}\": {error}", path.display()))
        })
    }

    fn below(mount: &Path, path: &Path) -> io::Result<Self> {
        let mut directory = mount.to_owned();
        let mut level: u8 = 0;
        for component in path.components() {
            match component {
                Component::RootDir | Component::CurDir => {}
                Component::Normal(name) => {
                    directory.push(name);
                    level = level.checked_add(1).ok_or_else(|| io::Error::other("deeper than 255 levels"))?;
                }
                Component::ParentDir | Component::Prefix(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidInput,
                        "\"..\" has no place in its path",
                    ));
                }
            }
        }
        let metadata = std::fs::metadata(directory)?;
        if !metadata.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "a file, not a group"));
        }
        Ok(Self { level, id: metadata.ino() })
    }
}

/// The number, as registers hold it.
#[derive(Clone)]
struct Id(u64);

impl Operand for Id {
    const WHAT: &'static str = "control group";
    const DATATYPE: Datatype = Datatype::CGROUPV2;

    fn data(&self) -> Data {
        Data::host_u64(self.0)
    }

    fn from_data(data: &Data) -> Option<Self> {
        host_u64(data).map(Self)
    }

    fn text(&self) -> String {
        self.0.to_string()
    }
}

matching_from! {
    CgroupV2:
    { CgroupV2 } => |group| Self::one(Item::One(group)),
}

/// The packet belongs to a program in one of these groups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct CgroupV2Match(pub Matching<CgroupV2>);

impl Rule {
    /// Only packets of programs in this control group (version 2) or below it. Kernel 5.13.
    ///
    /// In hook output every packet has a program; in input those whose connection or port has one.
    ///
    /// ```no_run
    /// use portcullis::Rule;
    /// use portcullis::language::matches::CgroupV2;
    ///
    /// let browser = CgroupV2::of("user.slice/browser.scope")?;
    /// Rule::new().cgroup_v2(browser).mark(1).accept();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "cgroupv2")]
    #[must_use]
    pub fn cgroup_v2(self, groups: impl Into<Matching<CgroupV2>>) -> Self {
        self.word(|| CgroupV2Match(groups.into()))
    }
}

impl Lower for CgroupV2Match {
    fn lower(&self, to: &mut Lowering<'_>) -> Result<(), Invalid> {
        let mut levels = self.0.items().iter().filter_map(|item| match item {
            Item::One(group) => Some(group.level),
            _ => None,
        });
        let level = levels.next().ok_or(Invalid::ListEmpty { what: "control groups" })?;
        if let Some(other) = levels.find(|other| *other != level) {
            let problem = format!(
                "one match cannot hold control groups of level {level} and of level {other}; make a rule for each"
            );
            return Err(Invalid::Combination { problem });
        }
        let load = Socket::new(SocketKey::CgroupV2, Register::R1).level(u32::from(level));
        to.matching(load, &self.0.map(|group| Id(group.id)))
    }
}

impl Lift for CgroupV2Match {
    fn lift(from: &Lifting<'_>) -> Option<Self> {
        let [Expr::Socket(Socket { key: SocketKey::CgroupV2, level: Some(level), .. }), ..] =
            from.expressions()
        else {
            return None;
        };
        let level = u8::try_from(*level).ok()?;
        from.compared(1).map(|groups: Matching<Id>| Self(groups.map(|id| CgroupV2 { level, id: id.0 })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;

    const GROUP: CgroupV2 = CgroupV2 { level: 1, id: 1 };

    // nft takes a path. "unified" is where this machine's version 2 is mounted; the root's number is 1.
    #[test]
    fn as_nft_says_it() {
        use crate::{
            language::matches::golden::{IP, bytecode, same_as_nft},
            not,
        };

        same_as_nft([
            (IP, "socket cgroupv2 level 1 \"unified\"", Rule::new().cgroup_v2(GROUP)),
            (IP, "socket cgroupv2 level 1 != \"unified\"", Rule::new().cgroup_v2(not(GROUP))),
        ]);
        // libnftnl 1.2.4 does not print the level.
        let lowered = Rule::new().cgroup_v2(GROUP).lower(Family::Inet).unwrap();
        let socket = Socket::new(SocketKey::CgroupV2, Register::R1).level(1u32);
        assert_eq!(lowered.expressions.first(), Some(&socket.into()));
        let two = Rule::new().cgroup_v2([GROUP, CgroupV2 { level: 1, id: 7 }]);
        let elements = if cfg!(target_endian = "big") {
            "{ 00000000.00000001 00000000.00000007 }"
        } else {
            "{ 00000001.00000000 00000007.00000000 }"
        };
        assert_eq!(
            bytecode(&two, Family::Inet),
            format!("[ socket load cgroupv2 => reg 1 ] [ lookup reg 1 set __set%d ] {elements}")
        );
    }

    #[test]
    fn a_path_gives_level_and_inode_number() {
        let directory = std::env::temp_dir();
        let id = std::fs::metadata(&directory).unwrap().ino();
        let path = directory.strip_prefix("/").unwrap();
        let level = u8::try_from(path.components().count()).unwrap();
        assert_eq!(CgroupV2::below(Path::new("/"), path).unwrap(), CgroupV2 { level, id });
        assert!(CgroupV2::below(&directory, Path::new("../etc")).is_err());
        assert!(CgroupV2::below(Path::new("/"), Path::new("no such group")).is_err());
    }

    #[test]
    fn groups_of_several_levels_take_several_rules() {
        let problem =
            Rule::new().cgroup_v2([GROUP, CgroupV2 { level: 2, id: 7 }]).check(Family::Inet).unwrap_err();
        assert_eq!(
            problem.to_string(),
            "one match cannot hold control groups of level 1 and of level 2; make a rule for each"
        );
    }
}
