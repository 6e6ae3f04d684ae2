//! Labels beside the ends of lines, moved apart where they would lie on each other.

/// Places for labels of this height that want to be at `wanted`, between `top` and `bottom`: as near as can be, in the
/// same order, none over another. Where there is not room for all, they go on below.
pub(super) fn places(wanted: &[f64], height: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    let at = |index: usize| wanted.get(index).copied().unwrap_or_default();
    order.sort_by(|left, right| at(*left).total_cmp(&at(*right)));
    // Runs of labels that touch: each is centred on what its labels want.
    let mut runs: Vec<Run> = Vec::new();
    for index in order {
        runs.push(Run { sum: at(index), labels: vec![index] });
        while let [.., above, below] = runs.as_slice() {
            if above.end(height, top, bottom) <= below.start(height, top, bottom) {
                break;
            }
            let Some(below) = runs.pop() else { break };
            if let Some(above) = runs.last_mut() {
                above.sum += below.sum;
                above.labels.extend(below.labels);
            }
        }
    }
    let mut places = vec![0.0; wanted.len()];
    for run in &runs {
        let start = run.start(height, top, bottom);
        for (number, index) in run.labels.iter().enumerate() {
            if let Some(place) = places.get_mut(*index) {
                *place = start + height * (number as f64 + 0.5);
            }
        }
    }
    places
}

/// Labels one below the other without a gap.
struct Run {
    /// Of the places that they want.
    sum: f64,
    labels: Vec<usize>,
}

impl Run {
    fn start(&self, height: f64, top: f64, bottom: f64) -> f64 {
        let count = self.labels.len() as f64;
        let start = self.sum / count - height * count / 2.0;
        start.min(bottom - height * count).max(top)
    }

    fn end(&self, height: f64, top: f64, bottom: f64) -> f64 {
        self.start(height, top, bottom) + height * self.labels.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_have_room_stay() {
        assert_eq!(places(&[80.0, 20.0], 10.0, 0.0, 100.0), [80.0, 20.0]);
    }

    #[test]
    fn labels_that_touch_move_apart_and_keep_their_order() {
        assert_eq!(places(&[50.0, 52.0, 51.0], 10.0, 0.0, 100.0), [41.0, 61.0, 51.0]);
        // Within the frame, also at its edges.
        assert_eq!(places(&[1.0, 2.0], 10.0, 0.0, 100.0), [5.0, 15.0]);
        assert_eq!(places(&[99.0, 99.5], 10.0, 0.0, 100.0), [85.0, 95.0]);
        assert!(places(&[], 10.0, 0.0, 100.0).is_empty());
    }
}
