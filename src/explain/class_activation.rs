//! Class activation maps (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization",
//! equations 1 and 2): the features are means of maps, and the head is linear, so a class's logit is the mean of a
//! map over the image, exactly. Here it is a sum over the stages' maps, of which the first is the finest.

use serde::Serialize;

use crate::backbone::Layout;
use crate::head::Head;
use crate::image::{INPUT_SIDE, Region};

/// Where in an image a class was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heatmap {
    /// The class.
    pub label: String,
    /// What each part of the image contributes, rows from the top, as many as columns: 56×56 where the head takes all
    /// stages' features, 7×7 where it takes the last one's. Their mean plus the head's bias is the class's logit for
    /// this view of the image. JavaScript is handed this and `values` as typed arrays.
    #[serde(skip)]
    pub grid: Vec<f32>,
    /// The same smoothed to `height`×`width`, rows from the top, scaled to [0, 1].
    #[serde(skip)]
    pub values: Vec<f32>,
    /// Columns of `values`.
    pub width: usize,
    /// Rows of `values`.
    pub height: usize,
    /// The part of the image that the map covers, in the image's pixels.
    #[serde(rename = "box")]
    pub region: Region,
}

/// A class's map: what each place of each stage adds to its logit.
#[derive(Debug, Clone, PartialEq)]
pub struct ActivationMap {
    /// Of each stage, the side and what each of its places adds, `[side, side]`; the mean over its places counts.
    stages: Vec<(usize, Vec<f32>)>,
}

impl ActivationMap {
    /// The map of a class, from an image's maps: `[channels, side, side]` of each stage of the layout, whose features
    /// the head takes.
    pub fn new(head: &Head, class: usize, layout: &Layout, maps: &[f32]) -> Self {
        let classes = head.labels().len();
        let mut weights = head.weights().iter().skip(class).step_by(classes);
        let mut rest = maps;
        let of_stage = |stage: &crate::backbone::FeatureStage| {
            let (map, others) = rest.split_at(stage.map_len());
            rest = others;
            let mut grid = vec![0.0; stage.area()];
            for (channel, weight) in map.chunks_exact(stage.area()).zip(&mut weights) {
                for (sum, value) in grid.iter_mut().zip(channel) {
                    *sum += weight * value;
                }
            }
            (stage.side, grid)
        };
        Self {
            stages: layout.stages().iter().map(of_stage).collect(),
        }
    }

    /// The sum over the stages at the finest one's places, `[side, side]`: each place of a coarser stage covers several
    /// of them. The mean over all places plus the head's bias is the class's logit.
    pub fn grid(&self) -> Vec<f32> {
        let side = self.stages.iter().map(|(side, _)| *side).max().unwrap_or(0);
        let mut sums = vec![0.0; side * side];
        for (coarse, grid) in &self.stages {
            let cover = side / coarse;
            for (row, sums) in sums.chunks_exact_mut(side).enumerate() {
                let grid = &grid[row / cover * coarse..][..*coarse];
                for (sums, value) in sums.chunks_exact_mut(cover).zip(grid) {
                    sums.iter_mut().for_each(|sum| *sum += value);
                }
            }
        }
        sums
    }

    /// The same without the coarser stages' edges, `[side, side]`.
    fn smooth(&self, side: usize) -> Vec<f32> {
        let mut sums = vec![0.0; side * side];
        for (coarse, grid) in &self.stages {
            for (sum, value) in sums.iter_mut().zip(upsample(grid, *coarse, side)) {
                *sum += value;
            }
        }
        sums
    }
}

impl Heatmap {
    /// Shows a map over the part of the image that it covers.
    pub fn new(label: String, map: &ActivationMap, region: Region) -> Self {
        Self {
            label,
            values: unit_range(map.smooth(INPUT_SIDE)),
            grid: map.grid(),
            width: INPUT_SIDE,
            height: INPUT_SIDE,
            region,
        }
    }
}

/// Bilinear, with the grid's values at the middle of its cells, as image libraries and torch's
/// `interpolate(align_corners=False)` do it.
fn upsample(grid: &[f32], coarse: usize, side: usize) -> Vec<f32> {
    let last = coarse - 1;
    let places: Vec<(usize, usize, f32)> = (0..side)
        .map(|pixel| {
            let place = (pixel as f32 + 0.5) * coarse as f32 / side as f32 - 0.5;
            let place = place.clamp(0.0, last as f32);
            let low = place as usize;
            (low, (low + 1).min(last), place - low as f32)
        })
        .collect();
    let mut values = Vec::with_capacity(side * side);
    for &(top, bottom, down) in &places {
        for &(left, right, across) in &places {
            let row = |y: usize| {
                let at = |x: usize| grid[y * coarse + x];
                at(left) + (at(right) - at(left)) * across
            };
            values.push(row(top) + (row(bottom) - row(top)) * down);
        }
    }
    values
}

/// From the least value at 0 to the greatest at 1; all 0 where they are the same.
fn unit_range(mut values: Vec<f32>) -> Vec<f32> {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let span = high - low;
    for value in &mut values {
        *value = if span > 0.0 {
            (*value - low) / span
        } else {
            0.0
        };
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upsampling_keeps_a_slope_and_its_ends() {
        // A slope to the right: 0 in the first column, 6 in the last.
        let grid: Vec<f32> = (0..49).map(|i| (i % 7) as f32).collect();
        let values = upsample(&grid, 7, 224);
        assert_eq!((values[0], values[223]), (0.0, 6.0));
        // 32 pixels a cell: pixels 15 and 16 lie half a pixel beside the middle of the first cell.
        assert!((values[16] - 0.5 / 32.0).abs() < 1e-6);
        assert!((values[48] - values[47] - 1.0 / 32.0).abs() < 1e-5);
        assert_eq!(values[100], values[223 * 224 + 100]);
    }

    #[test]
    fn a_coarse_stage_covers_several_places_of_a_fine_one() {
        let map = ActivationMap {
            stages: vec![
                (4, (0..16).map(|i| i as f32).collect()),
                (2, vec![100.0, 200.0, 300.0, 400.0]),
            ],
        };
        let grid = map.grid();
        assert_eq!(grid[..4], [100.0, 101.0, 202.0, 203.0]);
        assert_eq!(grid[12..], [312.0, 313.0, 414.0, 415.0]);
        let mean = grid.iter().sum::<f32>() / 16.0;
        assert_eq!(mean, 7.5 + 250.0);
    }

    #[test]
    fn a_flat_map_has_no_spot() {
        assert!(unit_range(vec![3.0; 9]).iter().all(|&value| value == 0.0));
        assert_eq!(unit_range(vec![-1.0, 1.0, 0.0]), [0.0, 1.0, 0.5]);
    }
}
