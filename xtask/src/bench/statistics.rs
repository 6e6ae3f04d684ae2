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

/// What one takes for each time that another takes in the same round: the pseudo-median of all rounds (Hodges and Lehmann),
/// which is the median of the means of every two of them, here of logarithms.
///
/// A machine may run at half its speed for minutes: both of a round met the same minute, two medians did not. What
/// disturbs one of a round disturbs the other as often, so that the logarithms of ratios lie evenly around the true one; where
/// they do, this is as little moved by rounds that are far off as their median, and a fifth to a third less off. Rounds
/// that one of them did not do are left out.
pub(crate) fn ratio(of: &[Option<f64>], to: &[Option<f64>]) -> Option<f64> {
    median(&means_of_pairs(of, to)).map(f64::exp)
}

/// The 95 % confidence interval of [`ratio`] (Wilcoxon's signed ranks, whose distribution is nearly a normal one). `None`
/// for less than six rounds, which say nothing of the kind.
pub(crate) fn ratio_between(of: &[Option<f64>], to: &[Option<f64>]) -> Option<[f64; 2]> {
    let mut means = means_of_pairs(of, to);
    means.sort_by(f64::total_cmp);
    // So many means are there of `count` rounds: count (count + 1) / 2.
    let count = ((8.0 * means.len() as f64 + 1.0).sqrt() - 1.0) / 2.0;
    let deviation = (count * (count + 1.0) * (2.0 * count + 1.0) / 24.0).sqrt();
    let below = means.len() as f64 / 2.0 - 1.96 * deviation;
    if below < 0.0 {
        return None;
    }
    let below = below.floor() as usize;
    let [least, most] = [means.get(below)?, means.get(means.len() - 1 - below)?];
    Some([least.exp(), most.exp()])
}

/// The means of every two rounds' logarithms of ratios, and of each with itself.
fn means_of_pairs(of: &[Option<f64>], to: &[Option<f64>]) -> Vec<f64> {
    let logarithms: Vec<f64> = of
        .iter()
        .zip(to)
        .filter_map(|(of, to)| Some(((*of)? / (*to)?).ln()))
        .filter(|logarithm| logarithm.is_finite())
        .collect();
    let pairs = logarithms
        .iter()
        .enumerate()
        .flat_map(|(at, first)| logarithms.iter().skip(at).map(move |second| f64::midpoint(*first, *second)));
    pairs.collect()
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
        let ours = [Some(1.1), Some(2.2), Some(1.1)];
        let floor = [Some(1.0), Some(2.0), Some(1.0)];
        let found = ratio(&ours, &floor).expect("three rounds");
        assert!((found - 1.1).abs() < 1e-9, "{found}");
        // The other way round it is the inverse, as it is not of means.
        let ours = [Some(1.0), Some(2.4), Some(1.1)];
        let (there, back) = (ratio(&ours, &floor), ratio(&floor, &ours));
        assert!(there.zip(back).is_some_and(|(there, back)| (there * back - 1.0).abs() < 1e-9));
    }

    #[test]
    fn a_round_that_is_far_off_moves_a_ratio_little() {
        let to = [Some(1.0); 9];
        let mut of = [0.98, 0.99, 0.995, 1.0, 1.0, 1.0, 1.005, 1.01, 1.02].map(Some);
        let evenly = ratio(&of, &to).expect("nine rounds");
        assert!((evenly - 1.0).abs() < 1e-4, "{evenly}");
        of[8] = Some(50.0);
        let disturbed = ratio(&of, &to).expect("nine rounds");
        assert!((disturbed - evenly).abs() < 0.003, "{disturbed}");
    }

    /// Of ten rounds it is the 9th of the 55 means from either end: 8 is the critical value in tables of Wilcoxon's
    /// signed ranks.
    #[test]
    fn how_far_a_ratio_can_be_trusted() {
        let to = [Some(1.0); 10];
        let of: Vec<_> = (1..=10).map(|number| Some(f64::from(number).exp())).collect();
        // Means of 1 to 10: 1, 1.5, 2, 2, 2.5, 2.5, 3, 3, 3 and so on.
        let [least, most] = ratio_between(&of, &to).expect("ten rounds");
        assert!((least.ln() - 3.0).abs() < 1e-9 && (most.ln() - 8.0).abs() < 1e-9, "{least} {most}");
        assert!(ratio(&of, &to).is_some_and(|found| (found.ln() - 5.5).abs() < 1e-9));
        assert!(ratio_between(&of[..6], &to).is_some());
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
