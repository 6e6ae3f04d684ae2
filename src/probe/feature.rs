//! What a kernel can have or lack, by name.

use std::fmt;

use super::{Bench, Group, Trial};
use crate::Transaction;

/// Declares [`Feature`]: each row is the variant, its group, its name, the option that the kernel is built with
/// (empty where it belongs to nf_tables itself), and the kernel that it came with (empty where every kernel that
/// this library knows has it).
macro_rules! features {
    ($( $variant:ident: $group:ident, $name:literal, $config:literal, $since:literal; )+) => {
        /// Something that a kernel can have or lack.
        ///
        /// [`Netfilter::supports`](crate::Netfilter::supports) asks the kernel for one,
        /// [`Netfilter::probe`](crate::Netfilter::probe) for all of them.
        ///
        /// ```
        /// use portcullis::probe::Feature;
        ///
        /// assert_eq!(Feature::Queue.to_string(), "expression \"queue\"");
        /// assert_eq!(Feature::Queue.config(), Some("CONFIG_NFT_QUEUE"));
        /// assert_eq!(Feature::Destroy.since(), Some("6.3"));
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "snake_case")
        )]
        #[non_exhaustive]
        pub enum Feature {
            $(
                #[doc = concat!("The ", $name, ".")]
                $variant,
            )+
        }

        impl Feature {
            /// All of them.
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// What sort of thing it is.
            pub const fn group(self) -> Group {
                match self {
                    $( Self::$variant => Group::$group, )+
                }
            }

            const fn row(self) -> (&'static str, &'static str, &'static str) {
                match self {
                    $( Self::$variant => ($name, $config, $since), )+
                }
            }
        }
    };
}

features! {
    Bitwise: Expression, "expression \"bitwise\"", "", "";
    BitwiseShift: Expression, "form of \"bitwise\" that shifts", "", "5.6";
    BitwiseRegisters: Expression, "form of \"bitwise\" that takes two registers", "", "6.13";
    Byteorder: Expression, "expression \"byteorder\"", "", "";
    Cmp: Expression, "expression \"cmp\"", "", "";
    Connlimit: Expression, "expression \"connlimit\"", "CONFIG_NFT_CONNLIMIT", "4.18";
    Counter: Expression, "expression \"counter\"", "", "";
    Ct: Expression, "expression \"ct\"", "CONFIG_NFT_CT", "";
    CtMark: Expression, "ct key \"mark\"", "CONFIG_NF_CONNTRACK_MARK", "";
    CtSecMark: Expression, "ct key \"secmark\"", "CONFIG_NF_CONNTRACK_SECMARK", "";
    CtLabels: Expression, "ct key \"label\"", "CONFIG_NF_CONNTRACK_LABELS", "";
    CtZone: Expression, "ct key \"zone\", to be set", "CONFIG_NF_CONNTRACK_ZONES", "4.11";
    CtEvents: Expression, "ct key \"event\", to be set", "CONFIG_NF_CONNTRACK_EVENTS", "4.12";
    CtId: Expression, "ct key \"id\"", "", "5.2";
    Dup: Expression, "expression \"dup\" in the families ip and ip6", "CONFIG_NFT_DUP_IPV4", "4.3";
    DupNetdev: Expression, "expression \"dup\" in the family netdev", "CONFIG_NFT_DUP_NETDEV", "4.5";
    Dynset: Expression, "expression \"dynset\"", "", "4.1";
    DynsetDelete: Expression, "form of \"dynset\" that deletes", "", "5.4";
    DynsetExpressions: Expression, "form of \"dynset\" with several expressions", "", "5.11";
    Exthdr: Expression, "expression \"exthdr\"", "", "";
    ExthdrIpv4: Expression, "expression \"exthdr\" for options of IPv4", "", "5.3";
    ExthdrTcp: Expression, "expression \"exthdr\" for options of TCP", "", "4.11";
    ExthdrTcpWrite: Expression, "form of \"exthdr\" that changes a TCP option", "", "4.14";
    ExthdrTcpStrip: Expression, "form of \"exthdr\" that removes a TCP option", "", "5.18";
    ExthdrSctp: Expression, "expression \"exthdr\" for chunks of SCTP", "", "5.14";
    ExthdrDccp: Expression, "expression \"exthdr\" for options of DCCP", "CONFIG_NFT_EXTHDR_DCCP", "6.5";
    Fib: Expression, "expression \"fib\" in the family inet", "CONFIG_NFT_FIB_INET", "4.10";
    FibType: Expression, "expression \"fib\" for address types", "CONFIG_NFT_FIB_INET", "4.10";
    FibNetdev: Expression, "expression \"fib\" in the family netdev", "CONFIG_NFT_FIB_NETDEV", "4.14";
    FlowOffload: Expression, "expression \"flow_offload\"", "CONFIG_NFT_FLOW_OFFLOAD", "4.16";
    Fwd: Expression, "expression \"fwd\"", "CONFIG_NFT_FWD_NETDEV", "4.5";
    FwdNeighbour: Expression, "form of \"fwd\" with a neighbour's address", "CONFIG_NFT_FWD_NETDEV", "4.19";
    Hash: Expression, "expression \"hash\" (jhash)", "CONFIG_NFT_HASH", "4.9";
    SymHash: Expression, "expression \"hash\" (symhash)", "CONFIG_NFT_HASH", "4.12";
    Immediate: Expression, "expression \"immediate\"", "", "";
    Inner: Expression, "expression \"inner\"", "", "6.2";
    Last: Expression, "expression \"last\"", "", "5.14";
    Limit: Expression, "expression \"limit\"", "CONFIG_NFT_LIMIT", "";
    LogKernel: Expression, "expression \"log\" to the kernel's log", "CONFIG_NF_LOG_SYSLOG", "";
    LogGroup: Expression, "expression \"log\" to a group", "CONFIG_NETFILTER_NETLINK_LOG", "";
    LogAudit: Expression, "expression \"log\" to the audit log", "CONFIG_AUDIT", "4.18";
    Lookup: Expression, "expression \"lookup\"", "", "";
    Masq: Expression, "expression \"masq\"", "CONFIG_NFT_MASQ", "";
    MasqInet: Expression, "expression \"masq\" in the family inet", "CONFIG_NFT_MASQ", "5.2";
    Meta: Expression, "expression \"meta\"", "", "";
    MetaTime: Expression, "meta keys \"time\", \"day\" and \"hour\"", "", "5.4";
    MetaSdif: Expression, "meta keys \"sdif\" and \"sdifname\"", "", "5.6";
    MetaKind: Expression, "meta keys \"iifkind\" and \"oifkind\"", "", "5.1";
    MetaCgroup: Expression, "meta key \"cgroup\"", "CONFIG_CGROUP_NET_CLASSID", "";
    MetaSecMark: Expression, "meta key \"secmark\"", "CONFIG_NETWORK_SECMARK", "";
    MetaSecPath: Expression, "meta key \"secpath\"", "CONFIG_XFRM", "4.15";
    MetaRtClassId: Expression, "meta key \"rtclassid\"", "CONFIG_IP_ROUTE_CLASSID", "";
    MetaBridge: Expression, "meta keys \"ibrname\" and \"obrname\"", "CONFIG_NFT_BRIDGE_META", "";
    MetaBridgeVlan: Expression, "meta keys \"ibrpvid\" and \"ibrvproto\"", "CONFIG_NFT_BRIDGE_META", "5.3";
    MetaBroute: Expression, "meta key \"broute\", to be set", "CONFIG_NFT_BRIDGE_META", "6.4";
    MetaBridgeHwAddr: Expression, "meta key \"ibrhwaddr\"", "CONFIG_NFT_BRIDGE_META", "6.18";
    Nat: Expression, "expression \"nat\"", "CONFIG_NFT_NAT", "";
    NatInet: Expression, "expression \"nat\" in the family inet", "CONFIG_NFT_NAT", "5.2";
    NatNetmap: Expression, "flag \"netmap\" of \"nat\"", "CONFIG_NFT_NAT", "5.8";
    Notrack: Expression, "expression \"notrack\"", "CONFIG_NFT_CT", "4.9";
    Numgen: Expression, "expression \"numgen\"", "CONFIG_NFT_NUMGEN", "4.9";
    Objref: Expression, "expression \"objref\"", "", "4.10";
    ObjrefMap: Expression, "form of \"objref\" that takes a map", "", "4.10";
    Osf: Expression, "expression \"osf\"", "CONFIG_NFT_OSF", "4.19";
    Payload: Expression, "expression \"payload\"", "", "";
    PayloadWrite: Expression, "form of \"payload\" that writes", "", "4.5";
    PayloadInner: Expression, "base \"inner\" of \"payload\"", "", "5.16";
    Queue: Expression, "expression \"queue\"", "CONFIG_NFT_QUEUE", "";
    QueueRegister: Expression, "form of \"queue\" that takes a register", "CONFIG_NFT_QUEUE", "4.9";
    Quota: Expression, "expression \"quota\"", "CONFIG_NFT_QUOTA", "4.9";
    Range: Expression, "expression \"range\"", "", "4.9";
    Redir: Expression, "expression \"redir\"", "CONFIG_NFT_REDIR", "";
    RedirInet: Expression, "expression \"redir\" in the family inet", "CONFIG_NFT_REDIR", "5.2";
    Reject: Expression, "expression \"reject\" in the families ip and ip6", "CONFIG_NFT_REJECT", "";
    RejectInet: Expression, "expression \"reject\" in the family inet", "CONFIG_NFT_REJECT_INET", "";
    RejectBridge: Expression, "expression \"reject\" in the family bridge", "CONFIG_NFT_BRIDGE_REJECT", "3.18";
    RejectNetdev: Expression, "expression \"reject\" in the family netdev", "CONFIG_NFT_REJECT_NETDEV", "5.11";
    Rt: Expression, "expression \"rt\"", "", "4.9";
    RtXfrm: Expression, "rt key \"ipsec\"", "CONFIG_XFRM", "4.20";
    Socket: Expression, "expression \"socket\"", "CONFIG_NFT_SOCKET", "4.18";
    SocketWildcard: Expression, "socket key \"wildcard\"", "CONFIG_NFT_SOCKET", "5.10";
    SocketCgroup: Expression, "socket key \"cgroupv2\"", "CONFIG_SOCK_CGROUP_DATA", "5.13";
    Synproxy: Expression, "expression \"synproxy\"", "CONFIG_NFT_SYNPROXY", "5.3";
    Tproxy: Expression, "expression \"tproxy\"", "CONFIG_NFT_TPROXY", "4.19";
    Tunnel: Expression, "expression \"tunnel\"", "CONFIG_NFT_TUNNEL", "4.19";
    Xfrm: Expression, "expression \"xfrm\"", "CONFIG_NFT_XFRM", "4.20";
    XtMatch: Expression, "expression \"match\" (matches of iptables)", "CONFIG_NFT_COMPAT", "";
    XtTarget: Expression, "expression \"target\" (targets of iptables)", "CONFIG_NFT_COMPAT", "";

    CounterObject: Object, "counter object", "", "4.10";
    QuotaObject: Object, "quota object", "CONFIG_NFT_QUOTA", "4.10";
    LimitObject: Object, "limit object", "CONFIG_NFT_LIMIT", "4.14";
    ConnlimitObject: Object, "ct count object", "CONFIG_NFT_CONNLIMIT", "4.18";
    CtHelperObject: Object, "ct helper object, tried with the helper \"ftp\"", "CONFIG_NF_CONNTRACK_FTP", "4.12";
    CtTimeoutObject: Object, "ct timeout object", "CONFIG_NF_CONNTRACK_TIMEOUT", "4.19";
    CtExpectObject: Object, "ct expectation object", "CONFIG_NFT_CT", "5.3";
    SynproxyObject: Object, "synproxy object", "CONFIG_NFT_SYNPROXY", "5.4";
    SecMarkObject: Object, "secmark object, tried with a context of SELinux", "CONFIG_NETWORK_SECMARK", "4.20";
    TunnelObject: Object, "tunnel object", "CONFIG_NFT_TUNNEL", "4.19";

    SetHash: Set, "set of single keys", "", "";
    SetSize: Set, "set with a declared size", "", "";
    SetInterval: Set, "set of ranges", "", "";
    SetConcatRanges: Set, "set of concatenated ranges", "", "5.6";
    SetTimeout: Set, "set with timeouts", "", "4.1";
    SetDynamic: Set, "set that rules add to", "", "4.1";
    SetExpression: Set, "set whose elements have an expression each", "", "5.7";
    SetExpressions: Set, "set whose elements have several expressions", "", "5.11";
    SetCatchAll: Set, "catch-all element", "", "5.13";
    Map: Set, "map to values", "", "";
    VerdictMap: Set, "map to verdicts", "", "";
    ObjectMap: Set, "map to objects", "", "4.10";

    FilterIp: Chain, "chain type \"filter\" in the family ip", "CONFIG_NF_TABLES_IPV4", "";
    FilterIp6: Chain, "chain type \"filter\" in the family ip6", "CONFIG_NF_TABLES_IPV6", "";
    FilterInet: Chain, "chain type \"filter\" in the family inet", "CONFIG_NF_TABLES_INET", "";
    FilterArp: Chain, "chain type \"filter\" in the family arp", "CONFIG_NF_TABLES_ARP", "";
    FilterBridge: Chain, "chain type \"filter\" in the family bridge", "CONFIG_NF_TABLES_BRIDGE", "";
    IngressNetdev: Chain, "hook \"ingress\" in the family netdev", "CONFIG_NF_TABLES_NETDEV", "4.2";
    EgressNetdev: Chain, "hook \"egress\" in the family netdev", "CONFIG_NETFILTER_EGRESS", "5.16";
    IngressInet: Chain, "hook \"ingress\" in the family inet", "CONFIG_NETFILTER_INGRESS", "5.10";
    NatIp: Chain, "chain type \"nat\" in the family ip", "CONFIG_NFT_NAT", "";
    NatIp6: Chain, "chain type \"nat\" in the family ip6", "CONFIG_NFT_NAT", "";
    NatInetChain: Chain, "chain type \"nat\" in the family inet", "CONFIG_NFT_NAT", "5.2";
    RouteIp: Chain, "chain type \"route\" in the family ip", "CONFIG_NF_TABLES_IPV4", "";
    RouteIp6: Chain, "chain type \"route\" in the family ip6", "CONFIG_NF_TABLES_IPV6", "";
    RouteInet: Chain, "chain type \"route\" in the family inet", "CONFIG_NF_TABLES_INET", "5.2";
    ManyDevices: Chain, "chain with several devices", "", "5.5";
    DevicePrefix: Chain, "chain whose devices are given by the beginning of their names", "", "6.17";
    ChainBinding: Chain, "chain that belongs to a rule", "", "5.9";
    ChainComment: Chain, "comment of a chain", "", "5.10";

    TableOwner: Table, "table flag \"owner\"", "", "5.12";
    TablePersist: Table, "table flag \"persist\"", "", "6.9";
    TableComment: Table, "comment of a table", "", "5.10";

    Flowtable: Flowtable, "flowtable", "CONFIG_NF_FLOW_TABLE", "4.16";
    FlowtableCounter: Flowtable, "flowtable flag \"counter\"", "CONFIG_NF_FLOW_TABLE", "5.7";

    Destroy: Operation, "operation \"destroy\"", "", "6.3";
    ResetObjects: Operation, "reset of objects", "", "4.10";
    ResetRules: Operation, "reset of rules' counters", "", "6.2";
    ResetElements: Operation, "reset of elements' counters", "", "6.5";
}

impl Feature {
    /// The option that a kernel with it is built with, where it is not part of nf_tables itself. Documentation:
    /// nothing is decided by it.
    pub const fn config(self) -> Option<&'static str> {
        let (_, config, _) = self.row();
        if config.is_empty() { None } else { Some(config) }
    }

    /// The kernel that it came with, where it is younger than nf_tables and that is known. Documentation: what a
    /// kernel can is found by trying.
    pub const fn since(self) -> Option<&'static str> {
        let (_, _, since) = self.row();
        if since.is_empty() { None } else { Some(since) }
    }

    /// What to say where it is missing: its name, what it needs, and the way out.
    ///
    /// ```
    /// use portcullis::probe::Feature;
    ///
    /// assert_eq!(
    ///     Feature::Queue.explain(),
    ///     "this kernel has no expression \"queue\" (CONFIG_NFT_QUEUE): load the module, or run a kernel that is \
    ///      built with it",
    /// );
    /// ```
    pub fn explain(self) -> String {
        let built = "load the module, or run a kernel that is built with it";
        let mut text = match (self.config(), self.since()) {
            (Some(config), Some(since)) => {
                format!("this kernel has no {self} ({config}, Linux {since}): {built}")
            }
            (Some(config), None) => format!("this kernel has no {self} ({config}): {built}"),
            (None, Some(since)) => {
                format!("this kernel has no {self}, which came with Linux {since}: run a newer one")
            }
            (None, None) => format!("this kernel has no {self}"),
        };
        if self == Self::Destroy {
            text.push_str(" (a commit of this library deletes what is there instead, to the same effect)");
        }
        text
    }
}

impl Feature {
    /// The smallest transaction that needs it, as the probe tries it: to see what a kernel says to that. `None` for
    /// what is no part of transactions (resets).
    ///
    /// It makes a table of its own, whose chains see no packets for most features. Meant for
    /// [`Netfilter::check`](crate::Netfilter::check), which forgets it.
    ///
    /// ```no_run
    /// use portcullis::{Netfilter, probe::Feature};
    ///
    /// let mut firewall = Netfilter::open()?;
    /// if let Some(Err(error)) = Feature::Queue.trial().map(|trial| firewall.check(&trial)) {
    ///     eprintln!("{error}");
    /// }
    /// # Ok::<(), portcullis::Error>(())
    /// ```
    pub fn trial(self) -> Option<Transaction> {
        let mut bench = Bench::default();
        Trial::of(self, &mut bench)?;
        Some(bench.transaction)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)
    }
}
