//! `numgen`, which `nftnl` does not have; its trait for expressions is public, and so is the libnftnl below it.

use std::ptr::NonNull;

use nftnl::Rule;
use nftnl::expr::{Expression, Register};
use nftnl::nftnl_sys::{self as sys, libc};

/// `numgen inc mod MODULUS`, into the register that `nftnl`'s comparisons read.
pub(crate) struct Numgen {
    pub(crate) modulus: u32,
}

impl Expression for Numgen {
    fn to_expr(&self, _rule: &Rule<'_>) -> NonNull<sys::nftnl_expr> {
        // SAFETY: the name is a C string. libnftnl gives an expression, or null when it has no memory.
        let allocated = unsafe { sys::nftnl_expr_alloc(c"numgen".as_ptr()) };
        let Some(expression) = NonNull::new(allocated) else { std::process::abort() };
        let set = |attribute: u32, value: u32| {
            // SAFETY: the expression is alive and of the kind that these attributes belong to.
            unsafe { sys::nftnl_expr_set_u32(expression.as_ptr(), attribute as u16, value) };
        };
        set(sys::NFTNL_EXPR_NG_DREG, Register::Reg1.to_raw());
        set(sys::NFTNL_EXPR_NG_MODULUS, self.modulus);
        set(sys::NFTNL_EXPR_NG_TYPE, libc::NFT_NG_INCREMENTAL as u32);
        set(sys::NFTNL_EXPR_NG_OFFSET, 0);
        expression
    }
}
