//! Where a logarithmic axis has its lines.

/// Round numbers within these limits: powers of ten, and where that would be few, twice and five times as much, too.
pub(super) fn round_numbers(least: f64, most: f64) -> Vec<f64> {
    let decades = most.log10() - least.log10();
    let steps: &[f64] = if decades < 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    multiples(least, most, steps)
}

/// All whole multiples of powers of ten within these limits.
pub(super) fn fine_numbers(least: f64, most: f64) -> Vec<f64> {
    multiples(least, most, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
}

fn multiples(least: f64, most: f64, steps: &[f64]) -> Vec<f64> {
    // Nothing that is measured is below a picosecond or above 30,000 years.
    let powers = (-12..12).map(|power| 10_f64.powi(power));
    let all = powers.flat_map(|power| steps.iter().map(move |step| step * power));
    all.filter(|number| (least..=most).contains(number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_axis_has_powers_of_ten_and_a_narrow_one_more() {
        assert_eq!(round_numbers(0.5, 2000.0), [1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(round_numbers(1.5, 60.0), [2.0, 5.0, 10.0, 20.0, 50.0]);
        assert_eq!(fine_numbers(7.0, 21.0), [7.0, 8.0, 9.0, 10.0, 20.0]);
    }
}
