//! What the words that compare a number have in common.

/// Declares a number that registers can hold, and that a match takes alone, as a range and in lists.
macro_rules! number {
    ($( $(#[$meta:meta])* $name:ident($number:ty): $what:literal = $datatype:expr, $data:ident; )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(pub $number);

        impl $crate::language::Operand for $name {
            const WHAT: &'static str = $what;
            const DATATYPE: $crate::language::Datatype = $datatype;

            fn data(&self) -> $crate::expr::Data {
                $crate::expr::Data::$data(self.0)
            }

            fn from_data(data: &$crate::expr::Data) -> Option<Self> {
                let bytes = data.as_bytes().try_into().ok()?;
                Some(Self(match Self::DATATYPE.order {
                    $crate::language::Order::Host => <$number>::from_ne_bytes(bytes),
                    _ => <$number>::from_be_bytes(bytes),
                }))
            }

            fn text(&self) -> String {
                self.0.to_string()
            }
        }

        impl From<$number> for $name {
            fn from(number: $number) -> Self {
                Self(number)
            }
        }

        $crate::language::matching_from! {
            $name:
            { $name } => |value| Self::one($crate::language::Item::One(value)),
            { $number } => |value| Self::one($crate::language::Item::One($name(value))),
            { std::ops::RangeInclusive<$name> } => |range| {
                let (from, to) = range.into_inner();
                Self::one($crate::language::Item::Range(from, to))
            },
            { std::ops::RangeInclusive<$number> } => |range| {
                let (from, to) = range.into_inner();
                Self::one($crate::language::Item::Range($name(from), $name(to)))
            },
        }
    )+};
}
pub(super) use number;

/// Declares words that load a value and compare it: their type and their lowering.
macro_rules! comparison {
    ($( $(#[$meta:meta])* $name:ident($operand:ty) = $load:expr; )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(pub $crate::language::Matching<$operand>);

        impl $crate::language::Lower for $name {
            fn lower(&self, to: &mut $crate::language::Lowering<'_>) -> Result<(), $crate::Invalid> {
                to.matching($load, &self.0)
            }
        }

        impl $crate::language::Lift for $name {
            fn lift(from: &$crate::language::Lifting<'_>) -> Option<Self> {
                from.matching($load).map(Self)
            }
        }
    )+};
}
pub(super) use comparison;
