//! Settings of a host: files under `/proc/sys`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Host;

/// What every new host is set to, where the kernel has it: tests see no rate limits, no delays, and no setting
/// inherited from the machine.
const CALM: &[(&str, &str)] = &[
    ("net/ipv4/icmp_ratelimit", "0"),
    ("net/ipv4/icmp_ratemask", "0"),
    ("net/ipv4/icmp_msgs_per_sec", "1000000"),
    ("net/ipv4/icmp_msgs_burst", "1000000"),
    ("net/ipv6/icmp/ratelimit", "0"),
    ("net/ipv6/icmp/ratemask", "\n"),
    ("net/ipv4/conf/all/rp_filter", "0"),
    ("net/ipv4/conf/default/rp_filter", "0"),
    ("net/ipv6/conf/all/accept_dad", "0"),
    ("net/ipv6/conf/default/accept_dad", "0"),
    ("net/ipv6/conf/all/disable_ipv6", "0"),
    ("net/ipv6/conf/default/disable_ipv6", "0"),
    ("net/ipv6/conf/default/router_solicitations", "0"),
    ("net/bridge/bridge-nf-call-iptables", "0"),
    ("net/bridge/bridge-nf-call-ip6tables", "0"),
    ("net/bridge/bridge-nf-call-arptables", "0"),
];

impl Host {
    /// Sets `/proc/sys/{key}`, as seen by this host, e.g. `sysctl("net/ipv4/ip_forward", "1")`.
    ///
    /// # Panics
    /// If the kernel refuses.
    pub fn sysctl(&self, key: &str, value: &str) {
        self.run(|| fs::write(path(key), value))
            .unwrap_or_else(|error| panic!("host {self} cannot set {key} to {value}: {error}"));
    }

    /// Reads `/proc/sys/{key}`, as seen by this host, without the newline.
    ///
    /// # Panics
    /// If there is no such setting.
    pub fn read_sysctl(&self, key: &str) -> String {
        let text = self
            .run(|| fs::read_to_string(path(key)))
            .unwrap_or_else(|error| panic!("host {self} cannot read {key}: {error}"));
        text.trim_end().to_owned()
    }

    /// Forwards packets of both families between this host's links.
    pub fn forward(&self) {
        self.sysctl("net/ipv4/ip_forward", "1");
        self.sysctl("net/ipv6/conf/all/forwarding", "1");
    }
}

/// Calms the calling thread's namespace. What is missing or read-only stays as it is.
pub(crate) fn calm() {
    for (key, value) in CALM {
        let _ = fs::write(path(key), value);
    }
}

fn path(key: &str) -> PathBuf {
    Path::new("/proc/sys").join(key)
}
