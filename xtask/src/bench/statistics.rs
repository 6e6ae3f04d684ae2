//! Medians, percentiles, and ratios within rounds.

/// The value below which this part of all lie; of two neighbours, what lies between them.
pub(crate) fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = part.clamp(0.0, 1.0) * values.len().checked_sub(1)? as f64;
    let below = *values.get(place.floor() as usize)?;
    let above = *values.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

/// The value in the middle.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The median of what one takes for each time that another takes in the same round.
///
/// A machine may run at half its speed for minutes: both of a round met the same minute, two medians did not. Rounds
/// that one of them did not do are left out.
pub(crate) fn ratio(of: &[Option<f64>], to: &[Option<f64>]) -> Option<f64> {
    median(&ratios(of, to))
}

/// Between which two values the median of all rounds that could be done is, in 95 of 100 such runs, whatever the rounds'
/// distribution: the ranks are those of a binomial distribution, which is nearly a normal one. `None` for less than six
/// rounds, which say nothing of the kind.
pub(crate) fn ratio_between(of: &[Option<f64>], to: &[Option<f64>]) -> Option<[f64; 2]> {
    let mut ratios = ratios(of, to);
    ratios.sort_by(f64::total_cmp);
    let count = ratios.len() as f64;
    let below = count / 2.0 - 1.96 * count.sqrt() / 2.0;
    if below < 0.0 {
        return None;
    }
    let below = below.floor() as usize;
    Some([*ratios.get(below)?, *ratios.get(ratios.len() - 1 - below)?])
}

fn ratios(of: &[Option<f64>], to: &[Option<f64>]) -> Vec<f64> {
    of.iter().zip(to).filter_map(|(of, to)| Some((*of)? / (*to)?)).filter(|ratio| ratio.is_finite()).collect()
}

/// The median of what one takes longer than another in the same round; as [`ratio`].
pub(crate) fn difference(of: &[Option<f64>], to: &[Option<f64>]) -> Option<f64> {
    let differences: Vec<f64> = of.iter().zip(to).filter_map(|(of, to)| Some((*of)? - (*to)?)).collect();
    median(&differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        let hundred: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&hundred, 0.99), Some(99.0));
        assert_eq!(quantile(&[1.0], 0.99), Some(1.0));
    }

    #[test]
    fn ratios_are_taken_within_rounds() {
        // The second round ran on a machine of half the speed: the medians would say something else.
        let ours = [Some(1.0), Some(2.2), Some(1.1)];
        let floor = [Some(1.0), Some(2.0), Some(1.0)];
        let found = ratio(&ours, &floor).expect("three rounds");
        assert!((found - 1.1).abs() < 1e-9, "{found}");
    }

    #[test]
    fn how_far_a_median_can_be_trusted() {
        let to = [Some(1.0); 101];
        let of: Vec<_> = (0..101).map(|number| Some(f64::from(number))).collect();
        // Of 101, the 41st and the 61st.
        assert_eq!(ratio_between(&of, &to), Some([40.0, 60.0]));
        assert_eq!(ratio_between(&of[..6], &to), Some([0.0, 5.0]));
        assert_eq!(ratio_between(&of[..3], &to), None);
        assert_eq!(ratio_between(&[], &to), None);
    }

    #[test]
    fn a_round_that_one_did_not_do_counts_for_nothing() {
        assert_eq!(ratio(&[Some(2.0), Some(9.0)], &[Some(1.0), None]), Some(2.0));
        assert_eq!(ratio(&[Some(2.0)], &[None]), None);
        assert_eq!(ratio(&[Some(2.0)], &[Some(0.0)]), None);
        assert_eq!(difference(&[Some(2.0), Some(9.0), Some(5.0)], &[Some(1.0), None, Some(2.0)]), Some(2.0));
        assert_eq!(difference(&[Some(2.0)], &[None]), None);
    }
}
