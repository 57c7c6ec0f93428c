//! What heads say that learned from a share of the training images only.

use super::fit::LabelledEmbeddings;
use super::options::ClassWeights;
use super::regression::{CLOSE, Regression, Run, class_sizes, fold_count};

/// Which images a curve is measured on, and how.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// The training images.
    pub train: &'a LabelledEmbeddings,
    /// Each one's cross-validation fold.
    pub folds: &'a [usize],
    /// Each one's place in the order in which images are used.
    pub places: &'a [usize],
    /// The penalty of the head that is judged.
    pub l2: f64,
    /// How classes of different sizes count.
    pub class_weights: ClassWeights,
    /// How many classes there are.
    pub classes: usize,
}

impl Curve<'_> {
    /// For each share, each image's logits by a logistic regression that learned from this share of every
    /// class in the other folds, at least one image: `[N, classes]` each. `None` without folds.
    pub fn left_out_logits<const N: usize>(&self, shares: [f64; N]) -> Option<[Vec<f32>; N]> {
        let count = fold_count(self.folds)?;
        let regression = Regression::new(self.train, self.class_weights, self.classes);
        let mut runs: Vec<Run> = Vec::with_capacity(N * count);
        for share in shares {
            for fold in 0..count {
                let used = self.used(share, fold);
                runs.push(regression.run(self.l2, CLOSE, |image| used[image]));
            }
        }
        while runs.iter().any(|run| !run.solver.done()) {
            regression.advance(&mut runs);
        }
        let mut results = [const { Vec::new() }; N];
        for (logits, runs) in results.iter_mut().zip(runs.chunks(count)) {
            *logits = regression.left_out_logits(runs, self.folds);
        }
        Some(results)
    }

    /// How many images a head learns from at a share, on average over the folds.
    pub fn images_at(&self, share: f64) -> usize {
        let Some(count) = fold_count(self.folds) else {
            return 0;
        };
        let used = (0..count).map(|fold| self.used(share, fold));
        let total: usize = used
            .map(|used| used.iter().filter(|&&used| used).count())
            .sum();
        (total as f64 / count as f64).round() as usize
    }

    /// The first images, by place, of each class outside a fold.
    fn used(&self, share: f64, left_out: usize) -> Vec<bool> {
        let truth = &self.train.classes;
        let mut others: Vec<usize> = (0..truth.len())
            .filter(|&image| self.folds[image] != left_out)
            .collect();
        others.sort_by_key(|&image| self.places[image]);
        let of_others: Vec<usize> = others.iter().map(|&image| truth[image]).collect();
        let mut room: Vec<usize> = class_sizes(&of_others, self.classes)
            .into_iter()
            .map(|size| (size as f64 * share).ceil() as usize)
            .collect();
        let mut used = vec![false; truth.len()];
        for image in others {
            if room[truth[image]] > 0 {
                room[truth[image]] -= 1;
                used[image] = true;
            }
        }
        used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_used_at_a_share_are_among_those_of_a_greater_one_and_outside_the_fold() {
        let train = LabelledEmbeddings {
            embeddings: Vec::new(),
            classes: (0..37).map(|image| usize::from(image % 4 == 0)).collect(),
        };
        let folds: Vec<usize> = (0..37).map(|image| image / 4 % 3).collect();
        let places: Vec<usize> = (0..37).map(|image| image * 11 % 37).collect();
        let curve = Curve {
            train: &train,
            folds: &folds,
            places: &places,
            l2: 0.1,
            class_weights: ClassWeights::Auto,
            classes: 2,
        };
        for fold in 0..3 {
            let mut fewer = vec![false; 37];
            for share in [1e-9, 0.1, 0.25, 0.5, 1.0] {
                let used = curve.used(share, fold);
                for image in 0..37 {
                    assert!(!fewer[image] || used[image]);
                    assert!(!used[image] || folds[image] != fold);
                }
                for class in 0..2 {
                    assert!((0..37).any(|image| used[image] && train.classes[image] == class));
                }
                fewer = used;
            }
            assert!((0..37).all(|image| fewer[image] == (folds[image] != fold)));
        }
    }
}
