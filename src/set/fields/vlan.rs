//! What a frame's VLAN tag says.

use crate::{
    language::matches::{VlanId, VlanPcp},
    set::{
        TypeOf,
        field::{FieldType, fields},
    },
};

fields! {
    // nft knows these as `typeof vlan id` and `vlan pcp` only.
    VlanId: "VLAN id" = FieldType::network("integer", 4, 2).type_of(TypeOf::Number { header: 16, field: 4, bits: 12 }), network u16,
        |id| id.0, |number| Some(Self(number)), |id| id.0.to_string(), at most 4095;
    VlanPcp: "VLAN priority" = FieldType::network("integer", 4, 1).type_of(TypeOf::Number { header: 16, field: 1, bits: 3 }), network u8,
        |priority| priority.0, |number| Some(Self(number)), |priority| priority.0.to_string(), at most 7;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Dscp, MacAddr,
        set::{Interval, Key, SetOf},
    };

    #[test]
    fn what_a_header_has_no_room_for_is_refused() {
        fn text<K: Key + std::fmt::Debug>(key: K) -> String {
            SetOf::<K>::new("s").contents([key]).unwrap_err().to_string()
        }
        assert_eq!(text(VlanId(4096)), "element 0 (4096): VLAN id is 4096; possible: 0 to 4095");
        assert_eq!(text(VlanPcp(8)), "element 0 (8): VLAN priority is 8; possible: 0 to 7");
        assert_eq!(
            text((Dscp(64), MacAddr([0; 6]))),
            "element 0 (0x40 . 00:00:00:00:00:00): DSCP is 0x40; possible: 0 to 63"
        );
        let run = Interval::new(VlanId(1), VlanId(5000));
        assert_eq!(text(run), "element 0 (1-5000): VLAN id is 5000; possible: 0 to 4095");
        assert!(SetOf::<VlanId>::new("s").contents([VlanId(4095)]).is_ok());
    }
}
