//! A probe as a table that a person reads.

use std::fmt;

use super::{Feature, Group, Probe, Support};

/// One line a feature, under its group; what is missing says what it needs.
impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = self.iter().map(|(feature, _)| feature.to_string().len()).max().unwrap_or_default();
        for group in Group::ALL {
            let mut rows = self.iter().filter(|(feature, _)| feature.group() == *group).peekable();
            if rows.peek().is_none() {
                continue;
            }
            writeln!(f, "{group}:")?;
            for (feature, support) in rows {
                let name = feature.to_string();
                match (support, wants(feature)) {
                    (Support::Missing, Some(wants)) => {
                        writeln!(f, "  {name:widest$}  {support} ({wants})")?;
                    }
                    _ => writeln!(f, "  {name:widest$}  {support}")?,
                }
            }
        }
        Ok(())
    }
}

fn wants(feature: Feature) -> Option<String> {
    match (feature.config(), feature.since()) {
        (Some(config), Some(since)) => Some(format!("{config}, Linux {since}")),
        (Some(config), None) => Some(config.to_owned()),
        (None, Some(since)) => Some(format!("Linux {since}")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_prints_as_a_table() {
        let mut probe = Probe::default();
        probe.note(Feature::Queue, Support::Missing);
        probe.note(Feature::Bitwise, Support::Works);
        probe.note(Feature::Destroy, Support::NotPermitted);
        let expected = "\
expressions:
  expression \"bitwise\"  works
  expression \"queue\"    missing (CONFIG_NFT_QUEUE)
operations:
  operation \"destroy\"   not permitted
";
        assert_eq!(probe.to_string(), expected);
        assert_eq!(probe.missing().collect::<Vec<_>>(), [Feature::Queue]);
        assert_eq!(probe.supports(Feature::Cmp), Support::Untried);
    }

    #[test]
    fn names_tell_features_apart() {
        let mut names: Vec<String> = Feature::ALL.iter().map(Feature::to_string).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
