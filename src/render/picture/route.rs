//! The lines of calls: out of a rule to the right, along the column's own lanes, into the called chain from the right.
//! Calls to another column cross over in a band below the hooks, where no chain is.

use super::{
    layout::{HEAD, LINE, Layout, Rect, count, spacing},
    model::Section,
};

/// Which calls need which lines.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Of each column: the called chains that have a lane there.
    pub(super) lanes: Vec<Vec<usize>>,
    /// The called chains that are called from another column.
    pub(super) tracks: Vec<usize>,
}

impl Plan {
    pub(super) fn of(section: &Section) -> Self {
        let places = section.places();
        let column = |index: usize| places.get(index).map_or(0, |place| place.column);
        let mut plan = Self { lanes: vec![Vec::new(); section.columns.len()], tracks: Vec::new() };
        for (from, _, to) in calls(section) {
            for column in [column(from), column(to)] {
                if let Some(lanes) = plan.lanes.get_mut(column) {
                    if !lanes.contains(&to) {
                        lanes.push(to);
                    }
                }
            }
            if column(from) != column(to) && !plan.tracks.contains(&to) {
                plan.tracks.push(to);
            }
        }
        // The nearest chain has the innermost lane: then no line crosses another where it arrives.
        let rank = |index: &usize| places.get(*index).map_or(usize::MAX, |place| place.rank);
        plan.lanes.iter_mut().for_each(|lanes| lanes.sort_by_key(rank));
        plan.tracks.sort_by_key(rank);
        plan
    }

    fn lane(&self, layout: &Layout, column: usize, to: usize) -> f64 {
        let lane = self.lanes.get(column).and_then(|lanes| lanes.iter().position(|lane| *lane == to));
        let all = self.lanes.get(column).map_or(0, Vec::len);
        layout.gutters.get(column).copied().unwrap_or(0.0) + count(lane.unwrap_or(0)) * spacing(all)
    }

    /// The corners of a call's way.
    pub(super) fn corners(&self, layout: &Layout, from: usize, line: usize, to: usize) -> Vec<(f64, f64)> {
        let rect = |index: usize| layout.chains.get(index).copied().unwrap_or_default();
        let column = |index: usize| layout.columns.get(index).copied().unwrap_or(0);
        let (start, end): (Rect, Rect) = (rect(from), rect(to));
        let leave = start.y + HEAD + (count(line) + 0.5) * LINE;
        let enter = end.y + 14.0;
        let (own, other) = (self.lane(layout, column(from), to), self.lane(layout, column(to), to));
        let mut corners = vec![(start.right(), leave), (own, leave)];
        if column(from) != column(to) {
            let track = self.tracks.iter().position(|track| *track == to).unwrap_or(0);
            let track = layout.band + count(track) * spacing(self.tracks.len());
            corners.extend([(own, track), (other, track)]);
        }
        corners.extend([(other, enter), (end.right() + 5.0, enter)]);
        corners
    }
}

/// Every call: the chain, the line in it, the called chain.
pub(super) fn calls(section: &Section) -> impl Iterator<Item = (usize, usize, usize)> {
    section.chains.iter().enumerate().flat_map(|(from, chain)| {
        chain
            .lines
            .iter()
            .enumerate()
            .flat_map(move |(line, entry)| entry.calls.iter().map(move |to| (from, line, *to)))
    })
}
