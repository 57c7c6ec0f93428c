//! The training images that heads are judged on which have not learned from them.

use std::sync::Arc;

use super::objective::Objective;
use super::preconditioner::{Covariance, Preconditioner};
use super::regression::{ROUGH, Run, class_sizes};
use crate::order::sort_by_key;

/// Which images take part, and what is left out in turn.
pub struct CrossValidation {
    /// Those that take part.
    pub objective: Arc<Objective>,
    /// Their places among the training images.
    pub images: Vec<usize>,
    /// The fold of each.
    pub folds: Vec<usize>,
    /// The place of each in the order in which images are used when only some are.
    order: Vec<usize>,
    /// How many folds are left out, one after the other: the first ones.
    pub turns: usize,
}

/// An expert's regression in each turn.
pub struct TurnRegression<'a> {
    /// What features count in each turn.
    pub feature_weights: &'a [Arc<[f64]>],
    /// The penalty.
    pub l2: f64,
    /// The spread that its probabilities are thought to have at the minimum.
    pub spread: f64,
    /// Of the features, where images are many.
    pub covariance: Option<&'a Covariance>,
}

impl CrossValidation {
    /// `folds` gives each training image's fold, if it takes part; `None` where none is to be left out.
    pub fn new(
        all: &Arc<Objective>,
        folds: &[Option<usize>],
        order: &[usize],
        turns: usize,
    ) -> Option<Self> {
        let images: Vec<usize> = (0..folds.len())
            .filter(|&image| folds[image].is_some())
            .collect();
        let folds: Vec<usize> = folds.iter().filter_map(|&fold| fold).collect();
        // To leave one out, there must be another to learn from.
        let several = folds.iter().any(|fold| Some(fold) != folds.first());
        if turns == 0 || !several {
            return None;
        }
        let objective = match images.len() == all.truth().len() {
            true => Arc::clone(all),
            false => Arc::new(all.of_images(&images)),
        };
        Some(Self {
            objective,
            order: images.iter().map(|&image| order[image]).collect(),
            images,
            folds,
            turns,
        })
    }

    /// The regression of each turn, on the images that learn in it; `from` gives where it starts, or it starts from 0.
    pub fn runs<'a>(
        &self,
        regression: &TurnRegression,
        class_weights: &[f64],
        learns: impl Fn(usize, usize) -> bool,
        from: impl Fn(usize) -> Option<&'a [f64]>,
    ) -> Vec<Run> {
        let truth = self.objective.truth();
        let (l2, spread) = (regression.l2, regression.spread);
        // One for all turns: it only says which way to go.
        let preconditioner = regression.covariance.map(|covariance| {
            let feature_weights = &regression.feature_weights[0];
            Arc::new(Preconditioner::new(covariance, feature_weights, l2, spread))
        });
        let in_turn = |turn: usize| {
            let weight = |image: usize| match learns(turn, image) {
                true => class_weights[truth[image]],
                false => 0.0,
            };
            let regression = (Arc::clone(&regression.feature_weights[turn]), l2);
            let preconditioner = preconditioner.clone();
            Run::new(
                &self.objective,
                regression,
                weight,
                from(turn),
                preconditioner,
                ROUGH,
            )
        };
        (0..self.turns).map(in_turn).collect()
    }

    /// Those that are judged: of a fold that is left out.
    pub fn judged(&self) -> Vec<usize> {
        let is_judged = |&image: &usize| self.folds[image] < self.turns;
        (0..self.folds.len()).filter(is_judged).collect()
    }

    /// The classes of those that are judged.
    pub fn truth(&self) -> Vec<usize> {
        let judged = self.judged().into_iter();
        judged.map(|image| self.objective.truth()[image]).collect()
    }

    /// Of logits `[N, classes]` of each turn, what the turn says of each judged image that left it out.
    pub fn left_out(&self, of_turns: &[Vec<f32>]) -> Vec<f32> {
        let classes = self.objective.classes();
        let judged = self.judged().into_iter();
        judged
            .flat_map(|image| &of_turns[self.folds[image]][image * classes..][..classes])
            .copied()
            .collect()
    }

    /// How many images a turn learns from, on average.
    pub fn learned(&self) -> f64 {
        let left_out = self.judged().len() as f64 / self.turns as f64;
        self.folds.len() as f64 - left_out
    }

    /// A share of each class outside a fold, at least one image: the first ones by their order.
    pub fn used(&self, share: f64, left_out: usize) -> Vec<bool> {
        let truth = self.objective.truth();
        let mut others: Vec<usize> = (0..truth.len())
            .filter(|&image| self.folds[image] != left_out)
            .collect();
        sort_by_key(&mut others, |&image| self.order[image]);
        let of_others: Vec<usize> = others.iter().map(|&image| truth[image]).collect();
        let mut room: Vec<usize> = class_sizes(&of_others, self.objective.classes())
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

    /// How many images a turn learns from at a share, on average.
    pub fn images_at(&self, share: f64) -> usize {
        let used = (0..self.turns).map(|fold| self.used(share, fold));
        let total: usize = used
            .map(|used| used.iter().filter(|&&used| used).count())
            .sum();
        (total as f64 / self.turns as f64).round() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross_validation(turns: usize) -> CrossValidation {
        let truth = (0..37).map(|image| usize::from(image % 4 == 0)).collect();
        let objective = Arc::new(Objective::new(vec![0.0; 37], truth, 2));
        let folds: Vec<_> = (0..37).map(|image| Some(image / 4 % 3)).collect();
        let order: Vec<usize> = (0..37).map(|image| image * 11 % 37).collect();
        CrossValidation::new(&objective, &folds, &order, turns).unwrap()
    }

    #[test]
    fn images_used_at_a_share_are_among_those_of_a_greater_one_and_outside_the_fold() {
        let cross_validation = cross_validation(3);
        let CrossValidation {
            objective, folds, ..
        } = &cross_validation;
        for fold in 0..3 {
            let mut fewer = vec![false; 37];
            for share in [1e-9, 0.1, 0.25, 0.5, 1.0] {
                let used = cross_validation.used(share, fold);
                for image in 0..37 {
                    assert!(!fewer[image] || used[image]);
                    assert!(!used[image] || folds[image] != fold);
                }
                for class in 0..2 {
                    assert!((0..37).any(|image| used[image] && objective.truth()[image] == class));
                }
                fewer = used;
            }
            assert!((0..37).all(|image| fewer[image] == (folds[image] != fold)));
        }
    }

    #[test]
    fn each_judged_image_gets_what_was_said_by_who_left_it_out() {
        let said: Vec<Vec<f32>> = (0..3).map(|turn| vec![turn as f32; 2 * 37]).collect();
        let all = cross_validation(3);
        let expected: Vec<f32> = (0..37).flat_map(|i| [(i / 4 % 3) as f32; 2]).collect();
        assert_eq!(all.left_out(&said), expected);
        let once = cross_validation(1);
        assert_eq!(once.judged().len(), 13);
        assert_eq!(once.left_out(&said[..1]), [0.0; 26]);
        assert_eq!(once.learned(), 24.0);
    }

    #[test]
    fn one_fold_leaves_nothing_to_learn_from() {
        let objective = Arc::new(Objective::new(vec![0.0; 4], vec![0, 1, 0, 1], 2));
        for (folds, turns) in [([Some(0); 4], 1), ([None; 4], 5), ([Some(0); 4], 0)] {
            assert!(CrossValidation::new(&objective, &folds, &[0, 1, 2, 3], turns).is_none());
        }
    }
}
