//! What the kernel fills in where an expression says nothing.

use std::mem::discriminant;

use crate::expr::{
    ChecksumFlags, ChecksumKind, ConnlimitFlags, DynsetFlags, Expr, ExthdrFlags, LogFlags, LogLevel,
    LookupFlags, NatFlags, Payload, PayloadAccess, QueueFlags, Register,
};

/// Whether the kernel takes two expressions for the same.
pub(crate) fn same(left: &Expr, right: &Expr) -> bool {
    // Mostly they are not even of one kind.
    discriminant(left) == discriminant(right) && (left == right || filled(left) == filled(right))
}

/// The expression as the kernel gives it back.
pub(super) fn filled(expression: &Expr) -> Expr {
    let mut expression = expression.clone();
    match &mut expression {
        Expr::Connlimit(limit) => {
            limit.flags.get_or_insert(ConnlimitFlags::empty());
        }
        Expr::Dynset(dynset) => {
            // The kernel takes the flag of several expressions and keeps the others only.
            let flags = dynset.flags.unwrap_or(DynsetFlags::empty());
            dynset.flags = Some(flags & !DynsetFlags::EXPR);
            dynset.timeout.get_or_insert(0);
            dynset.expressions.iter_mut().for_each(|each| *each = filled(each));
        }
        Expr::Exthdr(header) => {
            header.flags.get_or_insert(ExthdrFlags::empty());
        }
        // To the kernel's log, not to a program.
        Expr::Log(log) if log.group.is_none() => {
            log.level.get_or_insert(LogLevel::Warning);
            log.flags.get_or_insert(LogFlags::empty());
        }
        Expr::Lookup(lookup) => {
            lookup.flags.get_or_insert(LookupFlags::empty());
        }
        Expr::Masq(masq) => ports(masq.proto_min, &mut masq.proto_max, &mut masq.flags),
        Expr::Nat(nat) => {
            ports(nat.proto_min, &mut nat.proto_max, &mut nat.flags);
            range(nat.addr_min, &mut nat.addr_max, &mut nat.flags, NatFlags::MAP_IPS);
        }
        Expr::Numgen(numbers) => {
            numbers.offset.get_or_insert(0);
        }
        Expr::Payload(Payload {
            access: PayloadAccess::Store { sreg: _, checksum, checksum_offset, checksum_flags },
            ..
        }) => {
            checksum.get_or_insert(ChecksumKind::None);
            checksum_offset.get_or_insert(0);
            checksum_flags.get_or_insert(ChecksumFlags::empty());
        }
        Expr::Queue(queue) => {
            if queue.num.is_some() {
                queue.total.get_or_insert(1);
            }
            queue.flags.get_or_insert(QueueFlags::empty());
        }
        Expr::Redir(redir) => ports(redir.proto_min, &mut redir.proto_max, &mut redir.flags),
        _ => {}
    }
    expression
}

fn ports(first: Option<Register>, last: &mut Option<Register>, flags: &mut Option<NatFlags>) {
    range(first, last, flags, NatFlags::PROTO_SPECIFIED);
}

/// A range without end ends where it begins, and the flags tell of it.
fn range(
    first: Option<Register>,
    last: &mut Option<Register>,
    flags: &mut Option<NatFlags>,
    given: NatFlags,
) {
    let flags = flags.get_or_insert(NatFlags::empty());
    if let Some(first) = first {
        last.get_or_insert(first);
        *flags |= given;
    }
}
