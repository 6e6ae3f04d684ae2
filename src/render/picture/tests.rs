//! Nothing overlaps, everything is escaped, nothing is left out in silence.

use super::{
    Options,
    layout::{Layout, Rect, place},
    model::build,
    route::{Plan, calls},
};
use crate::{
    Chain, CtState, Family, Hook, Policy, Rule, Ruleset, Table,
    expr::{ChainTarget, Data, Lookup, Payload, PayloadBase, Register, Verdict},
    object::{DataType, Element, Priority, Set},
};

/// Chains of all sections, calls within a column and across, one that nothing calls.
fn ruleset() -> Ruleset {
    let verdict = |name: &str| Verdict::Jump(ChainTarget::Name(name.to_owned()));
    let map = Set::new("services", DataType::INET_SERVICE)
        .map_to_verdicts()
        .element(Element::new(Data::network_u16(22)).verdict(verdict("ssh")))
        .element(Element::new(Data::network_u16(80)).verdict(verdict("web")));
    let port = Payload::load(PayloadBase::Transport, 2, 2, Register::R1);
    let by_port =
        Rule::new().tcp().say(port).say(Lookup::new("services", Register::R1).dreg(Register::VERDICT));
    let many = (1..=60).map(|port| Rule::new().tcp().dport(port).accept());
    let edge = Table::inet("edge")
        .set(map)
        .chain(
            Chain::filter("input", Hook::Input)
                .policy(Policy::Drop)
                .rule(Rule::new().iif("lo").accept())
                .rule(Rule::new().ct_state(CtState::ESTABLISHED).accept())
                .rule(by_port)
                .rule(Rule::new().comment("<b>&\"bold\"</b>").drop()),
        )
        .chain(Chain::filter("first", Hook::Input).priority(Priority::RAW))
        .chain(Chain::filter("forward", Hook::Forward).rule(Rule::new().goto("web")))
        .chain(
            Chain::filter("output", Hook::Output)
                .rule(Rule::new().jump("ssh"))
                .rule(Rule::new().jump("long")),
        )
        .chain(Chain::new("ssh").rule(Rule::new().saddr("10.0.0.0/8").accept()).rule(Rule::new().jump("web")))
        .chain(Chain::new("web").rules(many))
        .chain(Chain::new("long").rule(Rule::new().log("x").drop()))
        .chain(Chain::new("forgotten").rule(Rule::new().jump("web")));
    let device = Table::new(Family::Netdev, "dev").chain(Chain::filter("in", Hook::Ingress).device("lo"));
    let bridge = Table::new(Family::Bridge, "br").chain(Chain::filter("f", Hook::Forward));
    let arp = Table::new(Family::Arp, "arp").chain(Chain::filter("a", Hook::Input));
    Ruleset::new().table(edge).table(device).table(bridge).table(arp)
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

/// Whether a straight piece of a line goes through a box; along its edge is not through it.
fn through((from, to): ((f64, f64), (f64, f64)), rect: Rect) -> bool {
    let piece = Rect {
        x: from.0.min(to.0),
        y: from.1.min(to.1),
        width: (from.0 - to.0).abs(),
        height: (from.1 - to.1).abs(),
    };
    let inner = Rect { x: rect.x + 1.0, y: rect.y + 1.0, width: rect.width - 2.0, height: rect.height - 2.0 };
    piece.x <= inner.right()
        && inner.x <= piece.right()
        && piece.y <= inner.bottom()
        && inner.y <= piece.bottom()
}

fn layouts() -> Vec<(super::model::Section, Plan, Layout)> {
    let ruleset = ruleset();
    let sections = build(&Options::new(&ruleset.tables));
    let placed = sections.into_iter().map(|section| {
        let plan = Plan::of(&section);
        let lanes: Vec<usize> = plan.lanes.iter().map(Vec::len).collect();
        let layout = place(&section, &lanes, plan.tracks.len(), 24.0, 100.0);
        (section, plan, layout)
    });
    placed.collect()
}

#[test]
fn no_chain_lies_on_another_and_no_call_runs_through_one() {
    for (section, plan, layout) in layouts() {
        for (index, rect) in layout.chains.iter().enumerate() {
            assert!(rect.width > 100.0 && rect.height > 40.0, "{} has no place", section.chains[index].name);
            for (other, with) in layout.chains.iter().enumerate().skip(index + 1) {
                let names = (&section.chains[index].name, &section.chains[other].name);
                assert!(!overlap(*rect, *with), "{names:?}: {rect:?} {with:?}");
            }
            let frame = layout.panels.iter().filter(|panel| overlap(panel.rect, *rect));
            assert_eq!(frame.count(), usize::from(section.chains[index].entry.is_some()));
        }
        for (index, panel) in layout.panels.iter().enumerate() {
            assert!(layout.panels.iter().skip(index + 1).all(|other| !overlap(panel.rect, other.rect)));
        }
        for (from, line, to) in calls(&section) {
            let corners = plan.corners(&layout, from, line, to);
            for piece in corners.windows(2) {
                let hit = layout.chains.iter().position(|rect| through((piece[0], piece[1]), *rect));
                let name = hit.map(|index| &section.chains[index].name);
                assert_eq!(
                    name, None,
                    "{:?} of {} to {}",
                    piece, section.chains[from].name, section.chains[to].name
                );
            }
            assert!(corners.iter().all(|(x, y)| *x < 24.0 + layout.width && *y < layout.bottom));
        }
    }
}

#[test]
fn calls_come_from_verdicts_and_maps() {
    let (section, ..) = layouts().pop().unwrap();
    let name = |index: usize| section.chains[index].name.as_str();
    let mut found: Vec<_> = calls(&section).map(|(from, line, to)| (name(from), line, name(to))).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("forgotten", 0, "web"),
            ("forward", 0, "web"),
            ("input", 2, "ssh"),
            ("input", 2, "web"),
            ("output", 0, "ssh"),
            ("output", 1, "long"),
            ("ssh", 1, "web"),
        ]
    );
    // By priority.
    assert_eq!(section.at(Hook::Input).into_iter().map(name).collect::<Vec<_>>(), ["first", "input"]);
}

#[test]
fn what_is_left_out_is_counted() {
    let ruleset = ruleset();
    for text in [ruleset.svg().to_string(), ruleset.dot().to_string()] {
        assert!(text.contains("… 36 more"), "{text}");
    }
    let all = ruleset.svg().rows(100).to_string();
    assert!(!all.contains(" more") && all.contains("tcp dpt:60"));
    // A call is drawn even where its rule is not.
    let short = Ruleset::new().table(
        Table::inet("t")
            .chain(Chain::filter("c", Hook::Input).rules((0..9).map(|_| Rule::new().jump("d"))))
            .chain(Chain::new("d")),
    );
    assert!(short.dot().rows(2).to_string().contains("c0_0:r2 -> c0_1:head;"));
}

#[test]
fn the_svg_is_well_formed() {
    let text = ruleset().svg().to_string();
    let mut open = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        let name = |tag: &str| tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap().to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name(tag)));
        } else if !tag.ends_with('/') {
            open.push(name(tag));
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        rest = &rest[end + 1..];
    }
    assert_eq!(open, Vec::<String>::new());
    assert!(text.contains("&lt;b&gt;&amp;&quot;bold&quot;&lt;/b&gt;") && !text.contains("<b>"));
    assert!(!text.contains("NaN") && !text.contains("inf\""));
}

/// `dot -Tsvg` takes the text.
#[test]
fn the_dot() {
    let chain = Chain::filter("in[1]", Hook::Input)
        .policy(Policy::Drop)
        .rule(Rule::new().tcp().dport(22).accept())
        .rule(Rule::new().jump("rest"));
    let table = Table::new(Family::Ip6, "t").chain(chain).chain(Chain::new("rest").rule(Rule::new().drop()));
    assert_eq!(table.dot().to_string(), include_str!("golden.dot"));
}

#[test]
fn nothing_at_all_is_a_picture_too() {
    assert!(Ruleset::new().svg().to_string().contains("0 tables"));
    assert!(Ruleset::new().dot().to_string().ends_with("}\n"));
    assert!(Table::inet("t").svg().to_string().contains("1 table: inet t · 0 chains · 0 rules"));
}
