//! Any bytes as a message of the kernel: an error or a value, and whatever can be asked of that value is answered.
#![no_main]

mod input;

use libfuzzer_sys::fuzz_target;
use portcullis::{
    Family, Rule,
    language::Statement,
    object::Report,
    wire::{GenMessage, Messages},
};

fuzz_target!(|data: &[u8]| {
    input::with_message(data, look);
    // As a datagram, headers and all.
    Messages::new(data).map_while(Result::ok).for_each(look);
});

/// Reads one message and asks everything of what it tells.
fn look(message: GenMessage<'_>) {
    let report = match Report::decode(message) {
        Ok(Some(report)) => report,
        Ok(None) => return,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let _ = format!("{report:?}");
    match &report {
        Report::Table(table) => {
            let _ = (table.check(), table.comment_text());
        }
        Report::Chain(place, chain) => {
            let _ = (chain.check(place.family), chain.comment_text());
        }
        Report::Rule(place, rule) => {
            let _ = (rule.check(place.table.family), rule.comment_text());
            look_at_words(place.table.family, rule);
        }
        Report::Set(_, set) => {
            let _ = (set.check(), set.comment_text(), set.is_anonymous());
        }
        Report::Elements(_, elements) => {
            for element in elements {
                let _ = (element.check(), element.comment_text(), element.key.to_string());
            }
        }
        Report::Object(_, object) => {
            let _ = (object.check(), object.comment_text(), object.kind());
        }
        Report::Flowtable(_, flowtable) => {
            let _ = flowtable.check();
        }
        _ => {}
    }
}

/// Words are only taken where they say the same, whatever the rule is: as many expressions (equal but for what the kernel
/// fills in), which lift to the same words again.
fn look_at_words(family: Family, rule: &Rule) {
    let lifted = rule.lift(family, &[]);
    let lowered = lifted.lower(family).expect("what was lifted");
    assert_eq!(lowered.expressions.len(), rule.expressions().count());
    let mut again = rule.clone();
    again.body = lowered.expressions.into_iter().map(Statement::Expr).collect();
    assert_eq!(again.lift(family, &lowered.sets), lifted);
}
