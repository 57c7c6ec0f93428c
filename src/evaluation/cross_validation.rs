//! What cross-validation within the training images says: a second opinion where test images are few, and
//! whether more images would help.

use serde::{Deserialize, Serialize};

use super::interval::wilson;

/// A gain in accuracy that a person would collect photos for.
const WORTHWHILE: f64 = 0.01;
/// The one-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.644_853_626_951_472_7;

/// Accuracy of heads on the folds that they left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossValidation {
    /// How many folds.
    pub folds: usize,
    /// Images judged, each by a head that had not learned from it.
    pub images: usize,
    /// Share classified correctly, over all folds.
    pub accuracy: f64,
    /// Wilson's score interval of it at 95 %.
    pub interval: (f64, f64),
    /// Each fold's accuracy.
    pub accuracies: Vec<f64>,
    /// Their standard deviation (with `folds - 1`).
    pub deviation: f64,
}

impl CrossValidation {
    /// Summarises which images were classified correctly, and their folds.
    pub fn new(right: &[bool], folds: &[usize]) -> Self {
        let count = folds.iter().max().map_or(0, |last| last + 1);
        let accuracies: Vec<f64> = (0..count)
            .map(|fold| {
                share(
                    right
                        .iter()
                        .zip(folds)
                        .filter(|(_, f)| **f == fold)
                        .map(|(r, _)| *r),
                )
            })
            .collect();
        let mean = accuracies.iter().sum::<f64>() / count.max(1) as f64;
        let squares: f64 = accuracies.iter().map(|a| (a - mean).powi(2)).sum();
        let all = right.iter().filter(|&&right| right).count();
        Self {
            folds: count,
            images: right.len(),
            accuracy: share(right.iter().copied()),
            interval: wilson(all, right.len()),
            accuracies,
            deviation: (squares / count.saturating_sub(1).max(1) as f64).sqrt(),
        }
    }
}

/// Accuracy at a share of the training images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// The share, 1 for all.
    pub share: f64,
    /// How many images a head learned from, on average over the folds.
    pub images: usize,
    /// Cross-validated accuracy.
    pub accuracy: f64,
}

/// Would more photos help?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MorePhotos {
    /// Accuracy still rises.
    Likely,
    /// It has stopped rising.
    Unlikely,
    /// There are too few images to tell.
    Unclear,
}

/// How accuracy grew with the images there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LearningCurve {
    /// At growing shares of the training images, for example 25, 50 and 100 %.
    pub points: Vec<CurvePoint>,
    /// What that says about more of them.
    pub more_photos: MorePhotos,
}

impl LearningCurve {
    /// Builds the curve from the shares, how many images each one was, and which images were classified correctly:
    /// at least two, the last of which is all of them.
    ///
    /// More photos are likely to help if the last doubling gained accuracy beyond chance, and unlikely if even
    /// the upper end of that gain (paired, one-sided 95 %) is under one point.
    pub fn new(steps: &[(f64, usize, Vec<bool>)]) -> Self {
        let points = steps
            .iter()
            .map(|(share_of_all, images, right)| CurvePoint {
                share: *share_of_all,
                images: *images,
                accuracy: share(right.iter().copied()),
            });
        let more_photos = match steps {
            [.., (_, _, before), (_, _, all)] => judge_gain(before, all),
            _ => MorePhotos::Unclear,
        };
        Self {
            points: points.collect(),
            more_photos,
        }
    }
}

fn judge_gain(half: &[bool], all: &[bool]) -> MorePhotos {
    let count = all.len().max(1) as f64;
    let gained = half
        .iter()
        .zip(all)
        .filter(|(half, all)| !**half && **all)
        .count() as f64;
    let lost = half
        .iter()
        .zip(all)
        .filter(|(half, all)| **half && !**all)
        .count() as f64;
    let gain = (gained - lost) / count;
    // One image each way is added, so that no change at all on few images is not taken for certainty
    // (Agresti & Min 2005, "Simple improved confidence intervals for comparing matched proportions").
    let (gained, lost) = (gained + 1.0, lost + 1.0);
    let error = (gained + lost - (gained - lost).powi(2) / count)
        .max(0.0)
        .sqrt()
        / count;
    if gain > 0.0 && gain > Z * error {
        MorePhotos::Likely
    } else if gain + Z * error < WORTHWHILE {
        MorePhotos::Unlikely
    } else {
        MorePhotos::Unclear
    }
}

fn share(right: impl Iterator<Item = bool>) -> f64 {
    let (all, right) = right.fold((0_usize, 0_usize), |(all, sum), right| {
        (all + 1, sum + usize::from(right))
    });
    if all == 0 {
        0.0
    } else {
        right as f64 / all as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_summed_up() {
        let right = [true, true, false, true, true, true];
        let summary = CrossValidation::new(&right, &[0, 0, 1, 1, 2, 2]);
        assert_eq!((summary.folds, summary.images), (3, 6));
        assert_eq!(summary.accuracies, [1.0, 0.5, 1.0]);
        assert!((summary.accuracy - 5.0 / 6.0).abs() < 1e-12);
        // Deviations of 1/6, -1/3 and 1/6: squares of 1/6 together, over 2.
        assert!((summary.deviation - f64::sqrt(1.0 / 12.0)).abs() < 1e-12);
    }

    #[test]
    fn more_photos_help_while_accuracy_rises() {
        let image = |right: usize| (0..200).map(|i| i < right).collect::<Vec<bool>>();
        assert_eq!(judge_gain(&image(150), &image(180)), MorePhotos::Likely);
        assert_eq!(judge_gain(&image(180), &image(182)), MorePhotos::Unclear);
        let many = |right: usize| (0..2000).map(|i| i < right).collect::<Vec<bool>>();
        assert_eq!(judge_gain(&many(1900), &many(1901)), MorePhotos::Unlikely);
        assert_eq!(judge_gain(&many(1901), &many(1900)), MorePhotos::Unlikely);
        // Ten images all right twice say nothing about one point.
        assert_eq!(judge_gain(&[true; 10], &[true; 10]), MorePhotos::Unclear);
    }
}
