//! Class activation maps (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization",
//! equations 1 and 2): the embedding is the mean of the last feature map, and the head is linear, so a
//! class's logit is the mean of a map over the image, exactly.

use serde::Serialize;

use crate::backbone::FEATURE_MAP_SIDE;
use crate::head::Head;
use crate::image::{INPUT_SIDE, Region};

/// Positions of the last feature map.
const POSITIONS: usize = FEATURE_MAP_SIDE * FEATURE_MAP_SIDE;

/// Where in an image a class was seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Heatmap {
    /// The class.
    pub label: String,
    /// What each of 7×7 parts contributes, rows from the top: their mean plus the head's bias is the class's
    /// logit for this view of the image. JavaScript is handed this and `values` as typed arrays.
    #[serde(skip)]
    pub grid: Vec<f32>,
    /// The grid upsampled to `height`×`width`, rows from the top, scaled to [0, 1].
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

impl Heatmap {
    /// Upsamples a grid `[7, 7]` over the part of the image that it covers.
    pub fn new(label: String, grid: Vec<f32>, region: Region) -> Self {
        Self {
            label,
            values: unit_range(upsample(&grid, INPUT_SIDE)),
            grid,
            width: INPUT_SIDE,
            height: INPUT_SIDE,
            region,
        }
    }
}

/// One class's map: what each position of a feature map `[512, 7, 7]` adds to its logit, `[7, 7]`.
pub fn class_activation_map(head: &Head, class: usize, feature_map: &[f32]) -> Vec<f32> {
    let weights = head
        .weights()
        .iter()
        .skip(class)
        .step_by(head.labels().len());
    let mut grid = vec![0.0; POSITIONS];
    for (weight, channel) in weights.zip(feature_map.chunks_exact(POSITIONS)) {
        for (sum, value) in grid.iter_mut().zip(channel) {
            *sum += weight * value;
        }
    }
    grid
}

/// Bilinear, with the grid's values at the middle of its cells, as image libraries and torch's
/// `interpolate(align_corners=False)` do it.
fn upsample(grid: &[f32], side: usize) -> Vec<f32> {
    let last = FEATURE_MAP_SIDE - 1;
    let places: Vec<(usize, usize, f32)> = (0..side)
        .map(|pixel| {
            let place = (pixel as f32 + 0.5) * FEATURE_MAP_SIDE as f32 / side as f32 - 0.5;
            let place = place.clamp(0.0, last as f32);
            let low = place as usize;
            (low, (low + 1).min(last), place - low as f32)
        })
        .collect();
    let mut values = Vec::with_capacity(side * side);
    for &(top, bottom, down) in &places {
        for &(left, right, across) in &places {
            let row = |y: usize| {
                let at = |x: usize| grid[y * FEATURE_MAP_SIDE + x];
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
        let grid: Vec<f32> = (0..POSITIONS).map(|i| (i % 7) as f32).collect();
        let values = upsample(&grid, 224);
        assert_eq!((values[0], values[223]), (0.0, 6.0));
        // 32 pixels a cell: pixels 15 and 16 lie half a pixel beside the middle of the first cell.
        assert!((values[16] - 0.5 / 32.0).abs() < 1e-6);
        assert!((values[48] - values[47] - 1.0 / 32.0).abs() < 1e-5);
        assert_eq!(values[100], values[223 * 224 + 100]);
    }

    #[test]
    fn a_flat_map_has_no_spot() {
        assert!(unit_range(vec![3.0; 9]).iter().all(|&value| value == 0.0));
        assert_eq!(unit_range(vec![-1.0, 1.0, 0.0]), [0.0, 1.0, 0.5]);
    }
}
