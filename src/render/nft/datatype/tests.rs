use super::*;
use crate::render::nft::names::Names;

fn value(kind: Datatype, bytes: &[u8]) -> String {
    kind.value(bytes, Names::default())
}

fn host(kind: Datatype, number: u32) -> String {
    value(kind, &number.to_ne_bytes())
}

#[test]
fn numbers_and_types_are_inverse() {
    for kind in Datatype::ALL {
        assert_eq!(Datatype::by_number(kind.number()), *kind);
    }
    assert_eq!(Datatype::ALL.len(), 46);
    assert_eq!(Datatype::by_number(60), Datatype::Other(60));
}

#[test]
fn concatenations_have_their_parts_in_order() {
    assert_eq!(parts(7 << 6 | 13), [Datatype::Ipv4Addr, Datatype::InetService]);
    assert_eq!(parts(7 << 12 | 13 << 6 | 41), [Datatype::Ipv4Addr, Datatype::InetService, Datatype::IfName]);
    assert_eq!(parts(19), [Datatype::Mark]);
    assert_eq!(parts(0), []);
}
