//! Times.

use std::time::Duration;

use crate::{
    expr::MetaKey,
    language::matches::{DateTime, TimeOfDay, Weekday},
    set::{
        TypeOf,
        field::{FieldType, fields},
    },
};

fields! {
    // nft prints milliseconds.
    Duration: "time" = FieldType::host("time", 18, 4), host u32,
        |time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX),
        |number| Some(Self::from_millis(number.into())), |time| format!("{time:?}");
    // nft knows these three as `typeof meta time`, `hour` and `day` only.
    DateTime: "time" = FieldType::host("time", 43, 8).type_of(TypeOf::Meta(MetaKey::TimeNs)), host u64,
        |time| time.0, |number| Some(Self(number)), |time| format!("{} ns since 1970", time.0);
    TimeOfDay: "time of day" = FieldType::host("hour", 44, 4).type_of(TypeOf::Meta(MetaKey::TimeHour)), host u32,
        |time| time.seconds(), |number| Self::from_seconds(number), |time| time.to_string();
    Weekday: "weekday" = FieldType::host("day", 45, 1).type_of(TypeOf::Meta(MetaKey::TimeDay)), host u8,
        |day| *day as u8, |number| Self::ALL.get(usize::from(number)).copied(), |day| day.to_string();
}
