//! The row macro that declares a regular expression: its fields, the attribute of each, and nothing else.

/// Declares an expression whose attributes are encoded one by one in the order of the rows.
///
/// Rows before `;;` are required: arguments of `new`. Rows behind it are optional: `Option` fields with a
/// chainable setter. `FIELD: TYPE = NFTA_NAME(NUMBER)` gives the attribute; the names are kept for error
/// texts and checked against the kernel's header.
macro_rules! expression {
    (
        $(#[$meta:meta])*
        pub struct $name:ident = $kernel_name:literal {
            $( $(#[$required_meta:meta])* $required:ident: $required_type:ty = $required_attribute:ident($required_number:literal), )*
            ;;
            $( $(#[$optional_meta:meta])* $optional:ident: $optional_type:ty = $optional_attribute:ident($optional_number:literal), )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(
            feature = "serde",
            derive(serde::Serialize, serde::Deserialize),
            serde(deny_unknown_fields)
        )]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$required_meta])* pub $required: $required_type, )*
            $(
                $(#[$optional_meta])*
                #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
                pub $optional: Option<$optional_type>,
            )*
            /// Attributes that this library does not know.
            #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "crate::wire::Unknown::is_empty"))]
            pub unknown: $crate::wire::Unknown,
        }

        impl $name {
            #[doc = concat!("A `", $kernel_name, "` expression with what it cannot do without.")]
            #[allow(clippy::new_without_default, reason = "a default would hide what an expression is")]
            #[allow(clippy::too_many_arguments, reason = "as many as the kernel requires")]
            pub fn new($( $required: impl Into<$required_type> ),*) -> Self {
                Self {
                    $( $required: $required.into(), )*
                    $( $optional: None, )*
                    unknown: $crate::wire::Unknown::new(),
                }
            }

            $(
                $(#[$optional_meta])*
                #[must_use]
                pub fn $optional(mut self, $optional: impl Into<$optional_type>) -> Self {
                    self.$optional = Some($optional.into());
                    self
                }
            )*
        }

        impl $crate::expr::Expression for $name {
            const NAME: &'static str = $kernel_name;
            const ATTRIBUTES: &'static [(&'static str, u16)] = &[
                $( (stringify!($required_attribute), $required_number), )*
                $( (stringify!($optional_attribute), $optional_number), )*
            ];

            #[inline(always)]
            fn encode_known(&self, writer: &mut $crate::wire::Writer<'_, impl $crate::wire::Buffer>) {
                let Self { $( $required, )* $( $optional, )* unknown: _ } = self;
                $( writer.put($required_number, $required); )*
                $( writer.put_option($optional_number, $optional); )*
            }

            #[inline]
            fn unknown(&self) -> &$crate::wire::Unknown {
                &self.unknown
            }

            #[inline]
            fn decode(attributes: $crate::wire::Attributes<'_>) -> Result<Self, $crate::wire::DecodeError> {
                $( let mut $required = None; )*
                $( let mut $optional = None; )*
                let mut unknown = $crate::wire::Unknown::new();
                for attribute in attributes {
                    let attribute = attribute?;
                    match attribute.kind() {
                        $( $required_number => $required = Some(attribute.get()?), )*
                        $( $optional_number => $optional = Some(attribute.get()?), )*
                        _ => unknown.keep(attribute),
                    }
                }
                Ok(Self {
                    $( $required: $required.ok_or($crate::wire::DecodeError::Missing {
                        name: stringify!($required_attribute),
                    })?, )*
                    $( $optional, )*
                    unknown,
                })
            }
        }
    };
}
pub(crate) use expression;
