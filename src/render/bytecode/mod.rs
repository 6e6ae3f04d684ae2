//! The kernel's bytecode as text, in the words of `nft --debug=netlink`.
//!
//! libnftnl prints what it has a name for and is silent about the rest. This printer says the same where libnftnl
//! speaks, and goes on where it stops: attributes and values without a name are shown with their numbers and bytes.
//! Of some attributes that it knows, libnftnl says nothing: what iptables' matches and targets hold, the level of a
//! cgroup, the flags of `synproxy` and `dynset`, the mode of `tunnel`, how `osf` compares. The long form, `{:#}`, says
//! these too; then two texts are the same only if the expressions do the same.
//!
//! Register contents are shown as libnftnl shows them: as words of 32 bits in the host's order. So the address
//! 10.0.0.1 is `0x0100000a` on a little-endian machine and `0x0a000001` on a big-endian one.

mod act;
mod compute;
mod load;
mod table;
mod text;
mod words;

use std::fmt;

use crate::{Invalid, Rule, expr::Expr, object::Family};

pub use table::Bytecode;

/// As `nft --debug=netlink` prints it: `[ meta load l4proto => reg 1 ]`. The long form, `{:#}`, adds what nft leaves
/// out.
///
/// ```
/// use portcullis::expr::{Expr, Meta, MetaKey, Register, Socket, SocketKey};
///
/// let load = Expr::from(Meta::load(MetaKey::L4Proto, Register::R1));
/// assert_eq!(load.to_string(), "[ meta load l4proto => reg 1 ]");
///
/// let socket = Expr::from(Socket::new(SocketKey::CgroupV2, Register::R1).level(2u32));
/// assert_eq!(format!("{socket}"), "[ socket load cgroupv2 => reg 1 ]");
/// assert_eq!(format!("{socket:#}"), "[ socket load cgroupv2 => reg 1 level 2 ]");
/// ```
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[ ")?;
        inside(self, f)?;
        f.write_str("]")
    }
}

impl Rule {
    /// The rule as `nft --debug=netlink` would print it: `[ meta load l4proto => reg 1 ]`, one expression a
    /// line.
    ///
    /// The address 10.0.0.1 is `0x0100000a` there on a little-endian machine, `0x0a000001` on a big-endian one.
    ///
    /// # Errors
    /// The rule cannot be said in a table of this family, as [`Rule::check`] says.
    ///
    /// ```
    /// use portcullis::{Family, Rule};
    ///
    /// let text = Rule::new().tcp().accept().bytecode(Family::Ip)?;
    /// let lines: Vec<&str> = text.lines().collect();
    /// assert_eq!(lines[0], "[ meta load l4proto => reg 1 ]");
    /// assert_eq!(lines[2], "[ immediate reg 0 accept ]");
    /// # Ok::<(), portcullis::Invalid>(())
    /// ```
    pub fn bytecode(&self, family: Family) -> Result<String, Invalid> {
        let lowered = self.lower(family)?;
        let lines: Vec<String> = lowered.expressions.iter().map(Expr::to_string).collect();
        Ok(lines.join("\n"))
    }
}

/// Name and content, with a blank behind each word, as libnftnl writes them between the brackets.
fn inside(expression: &Expr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} ", text::Plain(expression.name()))?;
    match expression {
        Expr::Bitwise(bitwise) => compute::bitwise(bitwise, f),
        Expr::Byteorder(byteorder) => compute::byteorder(byteorder, f),
        Expr::Cmp(cmp) => compute::cmp(cmp, f),
        Expr::Connlimit(connlimit) => act::connlimit(connlimit, f),
        Expr::Counter(counter) => act::counter(counter, f),
        Expr::Ct(ct) => load::ct(ct, f),
        Expr::Dup(dup) => act::dup(dup, f),
        Expr::Dynset(dynset) => compute::dynset(dynset, f),
        Expr::Exthdr(exthdr) => load::exthdr(exthdr, f),
        Expr::Fib(fib) => load::fib(fib, f),
        Expr::FlowOffload(flow) => act::flow_offload(flow, f),
        Expr::Fwd(fwd) => act::fwd(fwd, f),
        Expr::Hash(hash) => load::hash(hash, f),
        Expr::Immediate(immediate) => compute::immediate(immediate, f),
        Expr::Inner(inner) => compute::inner(inner, f),
        Expr::Last(last) => act::last(last, f),
        Expr::Limit(limit) => act::limit(limit, f),
        Expr::Log(log) => act::log(log, f),
        Expr::Lookup(lookup) => compute::lookup(lookup, f),
        Expr::Masq(masq) => act::masq(masq, f),
        Expr::Meta(meta) => load::meta(meta, f),
        Expr::Nat(nat) => act::nat(nat, f),
        Expr::Notrack(notrack) => text::unknown(&notrack.unknown, f),
        Expr::Numgen(numgen) => load::numgen(numgen, f),
        Expr::Objref(objref) => compute::objref(objref, f),
        Expr::Osf(osf) => load::osf(osf, f),
        Expr::Payload(payload) => load::payload(payload, f),
        Expr::Queue(queue) => act::queue(queue, f),
        Expr::Quota(quota) => act::quota(quota, f),
        Expr::Range(range) => compute::range(range, f),
        Expr::Redir(redir) => act::redir(redir, f),
        Expr::Reject(reject) => act::reject(reject, f),
        Expr::Rt(rt) => load::rt(rt, f),
        Expr::Socket(socket) => load::socket(socket, f),
        Expr::Synproxy(synproxy) => act::synproxy(synproxy, f),
        Expr::Tproxy(tproxy) => act::tproxy(tproxy, f),
        Expr::Tunnel(tunnel) => load::tunnel(tunnel, f),
        Expr::Xfrm(xfrm) => load::xfrm(xfrm, f),
        Expr::XtMatch(xt) => act::xt(&xt.name, xt.revision, &xt.info, &xt.unknown, f),
        Expr::XtTarget(xt) => act::xt(&xt.name, xt.revision, &xt.info, &xt.unknown, f),
        Expr::Unknown(unknown) => write!(f, "unknown {} ", text::Hex(unknown.attributes())),
    }
}

#[cfg(test)]
mod tests;
