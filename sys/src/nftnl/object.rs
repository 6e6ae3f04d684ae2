//! Owners of libnftnl's objects.

use std::ffi::{c_char, c_int};
use std::ptr::NonNull;

use libc::nlmsghdr;
use nftnl::nftnl_sys;

use super::message::Message;
use super::schema::{self, Schema};

/// An object of libnftnl that is parsed from a message, printed, and built into a message.
pub(super) trait Object: Sized {
    /// The two kinds of message that carry it, new and deleted.
    const KINDS: [c_int; 2];
    /// What its message may hold.
    const SCHEMA: &'static Schema;

    /// The message, if it is one of this object that libnftnl may see.
    fn message(bytes: &[u8]) -> Option<Message> {
        Message::new(bytes, Self::KINDS, Self::SCHEMA)
    }

    /// The object of a message of its own kind; `None` if libnftnl cannot parse it.
    fn parse(message: &Message) -> Option<Self>;

    /// Prints, NUL-terminated, as much as fits; returns what the whole would take, or less than 0.
    fn print(&self, buffer: &mut [u8]) -> c_int;

    /// Appends its attributes to a message.
    ///
    /// # Safety
    /// `header` starts a message in memory that has room for them.
    unsafe fn build(&self, header: *mut nlmsghdr);
}

/// One owner: a pointer, freed when dropped, and the four C functions that take it.
macro_rules! object {
    (
        $(#[$doc:meta])*
        $name:ident($raw:ident: $alloc:ident, $free:ident), [$new:ident, $deleted:ident], $schema:ident,
        $parse:ident or $unparsed:path, $print:ident, $build:ident
    ) => {
        $(#[$doc])*
        pub(super) struct $name(NonNull<nftnl_sys::$raw>);

        impl Object for $name {
            const KINDS: [c_int; 2] = [libc::$new, libc::$deleted];
            const SCHEMA: &'static Schema = &schema::$schema;

            fn parse(message: &Message) -> Option<Self> {
                // SAFETY: takes nothing, returns a new object or NULL.
                let object = Self(NonNull::new(unsafe { nftnl_sys::$alloc() })?);
                // SAFETY: the object is alive; the message is aligned, as long as it says, and of a form in
                // which this function follows no missing attribute and overruns no array (`schema`). It copies
                // what it keeps.
                let code = unsafe { nftnl_sys::$parse(message.header(), object.0.as_ptr()) };
                if code < 0 {
                    $unparsed(object);
                    return None;
                }
                Some(object)
            }

            fn print(&self, buffer: &mut [u8]) -> c_int {
                let (start, size) = (buffer.as_mut_ptr().cast::<c_char>(), buffer.len());
                // SAFETY: the object is alive; `start` is valid for writes of `size` bytes, and like snprintf
                // this writes no more than that.
                unsafe { nftnl_sys::$print(start, size, self.0.as_ptr(), nftnl_sys::NFTNL_OUTPUT_DEFAULT, 0) }
            }

            unsafe fn build(&self, header: *mut nlmsghdr) {
                // SAFETY: the object is alive; the caller vouches for the room behind `header`.
                unsafe { nftnl_sys::$build(header, self.0.as_ptr()) };
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: the object came from the allocator that belongs to this, and nobody uses it after.
                unsafe { nftnl_sys::$free(self.0.as_ptr()) };
            }
        }
    };
}

object! {
    Table(nftnl_table: nftnl_table_alloc, nftnl_table_free), [NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE], TABLE,
    nftnl_table_nlmsg_parse or drop, nftnl_table_snprintf, nftnl_table_nlmsg_build_payload
}

object! {
    Chain(nftnl_chain: nftnl_chain_alloc, nftnl_chain_free), [NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN], CHAIN,
    nftnl_chain_nlmsg_parse or drop, nftnl_chain_snprintf, nftnl_chain_nlmsg_build_payload
}

object! {
    Rule(nftnl_rule: nftnl_rule_alloc, nftnl_rule_free), [NFT_MSG_NEWRULE, NFT_MSG_DELRULE], RULE,
    nftnl_rule_nlmsg_parse or drop, nftnl_rule_snprintf, nftnl_rule_nlmsg_build_payload
}

object! {
    /// A set that could not be parsed is leaked: before 1.2.7, nftnl_set_nlmsg_parse frees the expressions it
    /// had and leaves them in the list, so that nftnl_set_free would free them again.
    Set(nftnl_set: nftnl_set_alloc, nftnl_set_free), [NFT_MSG_NEWSET, NFT_MSG_DELSET], SET,
    nftnl_set_nlmsg_parse or std::mem::forget, nftnl_set_snprintf, nftnl_set_nlmsg_build_payload
}

object! {
    /// The elements of a set: a set for libnftnl too.
    Elements(nftnl_set: nftnl_set_alloc, nftnl_set_free), [NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM], ELEMENTS,
    nftnl_set_elems_nlmsg_parse or drop, nftnl_set_snprintf, nftnl_set_elems_nlmsg_build_payload
}

impl Rule {
    /// Takes the first expression out of the rule; the caller owns it.
    pub(super) fn into_first_expression(self) -> Option<NonNull<nftnl_sys::nftnl_expr>> {
        // SAFETY: the rule is alive, and longer than the iterator.
        let iterator = NonNull::new(unsafe { nftnl_sys::nftnl_expr_iter_create(self.0.as_ptr()) })?;
        // SAFETY: the iterator is alive; it returns a pointer into the rule, or NULL if there is none.
        let first = NonNull::new(unsafe { nftnl_sys::nftnl_expr_iter_next(iterator.as_ptr()) });
        // SAFETY: the iterator is alive and not used after; the rule does not know of it.
        unsafe { nftnl_sys::nftnl_expr_iter_destroy(iterator.as_ptr()) };
        let first = first?;
        // SAFETY: the expression is in the list of a rule. This is a list_del: it unlinks, and frees nothing.
        unsafe { nftnl_sys::nftnl_rule_del_expr(first.as_ptr()) };
        Some(first)
    }
}
