//! The kernel's rule machine: one file for each expression, named as the kernel names it.
//!
//! A rule is a run of expressions (`net/netfilter/nft_*.c`). Each loads, compares, changes or decides
//! something; the first that does not match ends the rule. The [`language`](crate::language) above is what
//! most programs speak; these are what it is lowered to, and what can be put into a rule as they are.
//!
//! A new expression touches three places: its file here, its line in [`Expr`]'s table below, and its golden
//! bytes in `tests/golden/`.

mod data;
mod head;
mod macros;
mod register;
mod short_bytes;
mod unknown;

pub use data::{ChainTarget, Data, Verdict};
pub use register::Register;
pub use unknown::UnknownExpression;

pub(crate) use data::{NFTA_DATA_VALUE, NFTA_DATA_VERDICT};
pub(crate) use macros::expression;

use head::ExpressionHead;

use crate::wire::{Attribute, Attributes, Buffer, DecodeError, Unknown, Value, Writer};

/// One instruction of the kernel's rule machine.
pub trait Expression: Sized {
    /// The kernel's name (`struct nft_expr_type.name`).
    const NAME: &'static str;

    /// The same as it is on the wire, without the NUL behind it.
    const NAME_BYTES: &'static [u8] = Self::NAME.as_bytes();

    /// The attributes that it has, with the kernel's names and numbers.
    const ATTRIBUTES: &'static [(&'static str, u16)];

    /// Appends the attributes that this library knows.
    ///
    /// For most expressions `#[inline(always)]`: written to a place of fixed size, as rules are, all but a few numbers is
    /// then constant, in half the instructions.
    fn encode_known(&self, writer: &mut Writer<'_, impl Buffer>);

    /// The attributes that it does not know; they stand behind the others.
    fn unknown(&self) -> &Unknown;

    /// Appends its attributes.
    #[inline(always)]
    fn encode(&self, writer: &mut Writer<'_, impl Buffer>) {
        self.encode_known(writer);
        self.unknown().encode(writer);
    }

    /// Whether it is sent with an attribute around its attributes; most are, even where there are none.
    fn has_data(&self) -> bool {
        true
    }

    /// Reads its attributes.
    ///
    /// # Errors
    /// An attribute that is missing, cut off, or cannot be read as what it should be: then the caller keeps the bytes
    /// as an [`UnknownExpression`].
    fn decode(attributes: Attributes<'_>) -> Result<Self, DecodeError>;
}

/// `NFTA_LIST_ELEM`
pub(crate) const NFTA_LIST_ELEM: u16 = 1;
pub(crate) const NFTA_EXPR_NAME: u16 = 1;
pub(crate) const NFTA_EXPR_DATA: u16 = 2;

/// Writes an expression, name and data, inside an attribute of the number `kind`.
// Always: see `Expression::encode_known`.
#[inline(always)]
pub(crate) fn write_expression<E: Expression>(
    kind: u16,
    expression: &E,
    writer: &mut Writer<'_, impl Buffer>,
) {
    let start = writer.position();
    writer.raw(const { ExpressionHead::new(E::NAME) }.as_slice());
    if expression.has_data() {
        let data = writer.position();
        writer.raw(&[0; 4]);
        expression.encode(writer);
        writer.close(data, NFTA_EXPR_DATA);
    }
    writer.close(start, kind);
}

/// Declares the modules, [`Expr`], and its tables.
macro_rules! expressions {
    ($( $module:ident::$name:ident as $held:ty, )+) => {
        $( mod $module; )+
        $( pub use $module::*; )+

        /// Any expression.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(rename_all = "snake_case")
        )]
        #[non_exhaustive]
        pub enum Expr {
            $(
                #[doc = concat!("See [`struct@", stringify!($name), "`].")]
                $name($held),
            )+
            /// An expression that this library does not know, or of a form that it does not know.
            Unknown(UnknownExpression),
        }

        impl Expr {
            /// The kernel's name of the expression.
            pub fn name(&self) -> &str {
                match self {
                    $( Self::$name(_) => $name::NAME, )+
                    Self::Unknown(unknown) => unknown.name(),
                }
            }

            /// Gives the expression of this name to `take`, if it is known in this form; else gives `take` back.
            ///
            /// Names are told apart byte by byte, not compared with one after the other; and an expression is moved
            /// where it belongs once it is whole, not from function to function.
            #[inline]
            fn decode_known<R, F: FnOnce(Self) -> R>(name: &[u8], data: Attributes<'_>, take: F) -> Result<R, F> {
                match name {
                    $( $name::NAME_BYTES => match $name::decode(data) {
                        Ok(known) => Ok(take(Self::from(known))),
                        Err(_) => Err(take),
                    }, )+
                    _ => Err(take),
                }
            }
        }

        $(
            impl From<$name> for Expr {
                #[inline]
                fn from(expression: $name) -> Self {
                    Self::$name(expression.into())
                }
            }
        )+

        /// An expression with its name, inside an attribute.
        impl Value for Expr {
            fn put(&self, kind: u16, writer: &mut Writer<'_, impl Buffer>) {
                match self {
                    $( Self::$name(expression) => write_expression::<$name>(kind, expression, writer), )+
                    Self::Unknown(unknown) => unknown.put(kind, writer),
                }
            }

            fn get(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
                Self::from_attribute(attribute, false)
            }
        }

        /// Every expression that this library knows, with its attributes' names and numbers.
        pub(crate) const KNOWN: &[(&str, &[(&str, u16)])] = &[
            $( ($name::NAME, $name::ATTRIBUTES), )+
        ];
    };
}

expressions! {
    bitwise::Bitwise as Box<Bitwise>,
    byteorder::Byteorder as Byteorder,
    cmp::Cmp as Cmp,
    connlimit::Connlimit as Connlimit,
    counter::Counter as Counter,
    ct::Ct as Ct,
    dup::Dup as Dup,
    dynset::Dynset as Box<Dynset>,
    exthdr::Exthdr as Exthdr,
    fib::Fib as Fib,
    flow_offload::FlowOffload as FlowOffload,
    fwd::Fwd as Fwd,
    hash::Hash as Hash,
    immediate::Immediate as Immediate,
    inner::Inner as Inner,
    last::Last as Last,
    limit::Limit as Limit,
    log::Log as Log,
    lookup::Lookup as Lookup,
    masq::Masq as Masq,
    meta::Meta as Meta,
    nat::Nat as Nat,
    notrack::Notrack as Notrack,
    numgen::Numgen as Numgen,
    objref::Objref as Objref,
    osf::Osf as Osf,
    payload::Payload as Payload,
    queue::Queue as Queue,
    quota::Quota as Quota,
    range::Range as Range,
    redir::Redir as Redir,
    reject::Reject as Reject,
    rt::Rt as Rt,
    socket::Socket as Socket,
    synproxy::Synproxy as Synproxy,
    tproxy::Tproxy as Tproxy,
    tunnel::Tunnel as Tunnel,
    xfrm::Xfrm as Xfrm,
    xt_match::XtMatch as XtMatch,
    xt_target::XtTarget as XtTarget,
}

/// Expressions that hold expressions. They are decoded one level deep: the kernel nests no deeper, and hostile
/// bytes must not exhaust the stack.
const HOLDERS: &[&[u8]] = &[Dynset::NAME_BYTES, Inner::NAME_BYTES];

impl Expr {
    fn from_attribute(attribute: Attribute<'_>, inside_another: bool) -> Result<Self, DecodeError> {
        Self::decode(attribute, inside_another, |expression| expression)
    }

    /// Gives the expression in an attribute to `take`. Of what is not known, everything is kept.
    #[inline]
    fn decode<R>(
        attribute: Attribute<'_>,
        inside_another: bool,
        take: impl FnOnce(Self) -> R,
    ) -> Result<R, DecodeError> {
        let known = match name_and_data(attribute) {
            Some((name, data)) if !(inside_another && HOLDERS.contains(&name)) => {
                Self::decode_known(name, data, take)
            }
            _ => Err(take),
        };
        match known {
            Ok(taken) => Ok(taken),
            Err(take) => Self::not_known(attribute).map(take),
        }
    }

    #[cold]
    fn not_known(attribute: Attribute<'_>) -> Result<Self, DecodeError> {
        let (mut name, mut data, mut beside) = (None, None, Unknown::new());
        for part in attribute.attributes() {
            let part = part?;
            match part.kind() {
                NFTA_EXPR_NAME => name = Some(part.text()?),
                NFTA_EXPR_DATA => data = Some(part),
                _ => beside.keep(part),
            }
        }
        let name = name.ok_or(DecodeError::Missing { name: "NFTA_EXPR_NAME" })?;
        Ok(Self::Unknown(UnknownExpression::new(name.to_owned(), data, beside)))
    }
}

/// The bytes of an expression's name, and its data, where there is nothing else: what every kernel sends.
#[inline]
fn name_and_data(attribute: Attribute<'_>) -> Option<(&[u8], Attributes<'_>)> {
    let mut parts = attribute.attributes();
    let name = parts.next()?.ok().filter(|name| name.kind() == NFTA_EXPR_NAME)?;
    let data = match parts.next() {
        Some(data) => data.ok().filter(|data| data.kind() == NFTA_EXPR_DATA)?.attributes(),
        None => Attributes::new(&[]),
    };
    parts.next().is_none().then_some((name.bare(), data))
}

/// An expression inside another. One that holds expressions itself stays an [`UnknownExpression`].
fn decode_leaf(attribute: Attribute<'_>) -> Result<Expr, DecodeError> {
    Expr::from_attribute(attribute, true)
}

/// A run of expressions, as in a rule, each kept as `T`.
pub(crate) fn decode_list<T: From<Expr>>(list: Attribute<'_>) -> Result<Vec<T>, DecodeError> {
    // To count is cheap, and memory that is asked for and not needed is dear: most of a listing's time is its
    // first touch.
    let mut decoded = Vec::with_capacity(list.attributes().count());
    for element in list.attributes() {
        Expr::decode(element?, false, |expression| decoded.push(T::from(expression)))?;
    }
    Ok(decoded)
}

/// The kernel's name of an attribute of an expression, for error texts.
pub(crate) fn attribute_name(expression: &str, kind: u16) -> Option<&'static str> {
    let (_, attributes) = KNOWN.iter().find(|(name, _)| *name == expression)?;
    attributes.iter().find(|(_, number)| *number == kind).map(|(name, _)| *name)
}

#[cfg(test)]
pub(crate) mod tests;
