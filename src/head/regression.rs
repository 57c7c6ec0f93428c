//! Softmax regressions on the standardised training images, several at a time, and what they say of images
//! that they left out.

use super::fit::LabelledEmbeddings;
use super::lbfgs::{Lbfgs, Limits};
use super::objective::{Objective, Problem, Slope};
use super::options::ClassWeights;
use super::standardize::{Scaling, Standardizer};

/// Where predictions of left-out images are wanted rather than weights, a rough minimum will do.
pub const ROUGH: Limits = Limits {
    gradient: 1e-3,
    iterations: 60,
};
/// Where the sizes of such predictions matter too.
pub const CLOSE: Limits = Limits {
    gradient: 1e-4,
    iterations: 100,
};

/// The training images, ready for regressions on any part of them.
pub struct Regression {
    /// Each image's class.
    pub truth: Vec<usize>,
    /// What an image of each class counts.
    pub class_weights: Vec<f64>,
    /// What was done to the embeddings.
    pub standardizer: Standardizer,
    /// How the deviations were estimated.
    pub scaling: Scaling,
    /// Loss and gradient.
    pub objective: Objective,
    classes: usize,
}

/// One regression under way.
pub struct Run {
    /// Which images count, and the penalty.
    pub problem: Problem,
    /// The way to its minimum.
    pub solver: Lbfgs,
}

impl Regression {
    /// Standardises the training images.
    pub fn new(train: &LabelledEmbeddings, weights: ClassWeights, classes: usize) -> Self {
        let scaling = Scaling::for_images(train.classes.len());
        let standardizer = Standardizer::fit(&train.embeddings, scaling);
        let inputs = standardizer.apply(&train.embeddings);
        Self {
            class_weights: class_weights(weights, &train.classes, classes),
            objective: Objective::new(inputs, &train.classes, classes),
            truth: train.classes.clone(),
            standardizer,
            scaling,
            classes,
        }
    }

    /// A regression on the images that `counts` names, from weights of 0.
    pub fn run(&self, l2: f64, limits: Limits, counts: impl Fn(usize) -> bool) -> Run {
        let weight = |(image, &class): (usize, &usize)| match counts(image) {
            true => self.class_weights[class],
            false => 0.0,
        };
        let mut image_weights: Vec<f64> = self.truth.iter().enumerate().map(weight).collect();
        let sum: f64 = image_weights.iter().sum();
        image_weights.iter_mut().for_each(|weight| *weight /= sum);
        Run {
            problem: Problem { image_weights, l2 },
            solver: Lbfgs::new(vec![0.0; self.objective.parameters()], limits),
        }
    }

    /// One joint evaluation of the runs that are not done; gives their mean loss.
    pub fn advance(&self, runs: &mut [Run]) -> f64 {
        let active: Vec<&mut Run> = runs.iter_mut().filter(|run| !run.solver.done()).collect();
        let asked: Vec<(&Problem, &[f64])> = active
            .iter()
            .map(|run| (&run.problem, run.solver.trial()))
            .collect();
        let results = self.objective.evaluate(&asked);
        let count = results.len().max(1) as f64;
        let mean = results.iter().map(|slope| slope.loss).sum::<f64>() / count;
        for (run, Slope { loss, gradient }) in active.into_iter().zip(results) {
            run.solver.observe(loss, &gradient);
        }
        mean
    }

    /// Logits `[N, classes]` of each run's best point, for all training images.
    pub fn logits(&self, runs: &[Run]) -> Vec<Vec<f32>> {
        let points: Vec<&[f64]> = runs.iter().map(|run| run.solver.best()).collect();
        self.objective.logits(&points)
    }

    /// Logits `[N, classes]` that give each image what the run said that left out its fold.
    pub fn left_out_logits(&self, runs: &[Run], folds: &[usize]) -> Vec<f32> {
        let logits = self.logits(runs);
        folds
            .iter()
            .enumerate()
            .flat_map(|(image, &fold)| &logits[fold][image * self.classes..][..self.classes])
            .copied()
            .collect()
    }
}

/// How many folds there are, if they can be used: at least two.
pub fn fold_count(folds: &[usize]) -> Option<usize> {
    let count = folds.iter().max()? + 1;
    (count > 1).then_some(count)
}

/// `N / (classes · images of the class)` when balanced (scikit-learn's "balanced"), 1 otherwise.
pub fn class_weights(wanted: ClassWeights, truth: &[usize], classes: usize) -> Vec<f64> {
    let sizes = class_sizes(truth, classes);
    if !is_balanced(wanted, &sizes) {
        return vec![1.0; classes];
    }
    sizes
        .iter()
        .map(|&size| truth.len() as f64 / (classes * size.max(1)) as f64)
        .collect()
}

/// Whether classes of these sizes are made to count alike.
pub fn is_balanced(wanted: ClassWeights, sizes: &[usize]) -> bool {
    let largest = sizes.iter().max().copied().unwrap_or(0);
    let smallest = sizes.iter().min().copied().unwrap_or(0);
    wanted.applies(smallest, largest)
}

/// Images per class.
pub fn class_sizes(truth: &[usize], classes: usize) -> Vec<usize> {
    let mut sizes = vec![0_usize; classes];
    truth.iter().for_each(|&class| sizes[class] += 1);
    sizes
}
