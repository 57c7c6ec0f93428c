//! Softmax regressions under way, several at a time.

use std::sync::Arc;

use super::lbfgs::{Lbfgs, Limits};
use super::objective::{Objective, Pass, Problem};
use super::options::ClassWeights;
use super::preconditioner::{Covariance, Preconditioner, equal_spread};

/// Where predictions of left-out images are wanted rather than weights, a rough minimum will do.
pub const ROUGH: Limits = Limits {
    gradient: 3e-4,
    iterations: 60,
};

/// How many times the spread that a preconditioner was made for differs, when it is made anew.
const SPREAD_APART: f64 = 3.0;

/// One regression under way.
pub struct Run {
    /// Which images and features count, and the penalty.
    pub problem: Problem,
    /// The way to its minimum.
    pub solver: Lbfgs,
    /// The spread of its probabilities where it was evaluated last.
    pub spread: f64,
}

impl Run {
    /// A regression on images of which each counts as `weight` says, from a point or from 0.
    pub fn new(
        objective: &Objective,
        (feature_weights, l2): (Arc<[f64]>, f64),
        weight: impl Fn(usize) -> f64,
        from: Option<&[f64]>,
        preconditioner: Option<Arc<Preconditioner>>,
        limits: Limits,
    ) -> Self {
        let images = 0..objective.truth().len();
        let mut image_weights: Vec<f64> = images.map(weight).collect();
        let sum: f64 = image_weights.iter().sum();
        image_weights.iter_mut().for_each(|weight| *weight /= sum);
        let start = match from {
            Some(point) => point.to_vec(),
            None => vec![0.0; objective.parameters()],
        };
        Self {
            problem: Problem {
                image_weights,
                feature_weights,
                l2,
            },
            solver: Lbfgs::new(start, limits, preconditioner),
            spread: equal_spread(objective.classes()),
        }
    }

    /// The problem, and the best point so far.
    pub fn found(&self) -> (&Problem, &[f64]) {
        (&self.problem, self.solver.best())
    }

    fn asked(&self) -> (&Problem, &[f64]) {
        (&self.problem, self.solver.trial())
    }
}

/// Regressions that are evaluated together.
pub struct Runs {
    all: Vec<Run>,
    /// An evaluation under way, and which of them it is of.
    pass: Option<(Pass, Vec<usize>)>,
    loss: f64,
}

impl Runs {
    /// None of them has begun.
    pub fn new(all: Vec<Run>) -> Self {
        Self {
            all,
            pass: None,
            loss: 0.0,
        }
    }

    /// All of them.
    pub fn all(&self) -> &[Run] {
        &self.all
    }

    /// Whether all have come to their end.
    pub fn done(&self) -> bool {
        self.all.iter().all(|run| run.solver.done())
    }

    /// The mean loss at the last evaluation, penalties included.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// Evaluates those that are not done on a block of images; `true` where that ended an evaluation.
    pub fn advance(&mut self, objective: &Objective) -> bool {
        let (mut pass, active) = self.pass.take().unwrap_or_else(|| {
            let active: Vec<usize> = (0..self.all.len())
                .filter(|&run| !self.all[run].solver.done())
                .collect();
            (objective.begin(&self.asked(&active)), active)
        });
        let problems: Vec<&Problem> = active.iter().map(|&run| &self.all[run].problem).collect();
        if !objective.advance(&mut pass, &problems) {
            self.pass = Some((pass, active));
            return false;
        }
        let slopes = objective.finish(&pass, &self.asked(&active));
        let count = slopes.len().max(1) as f64;
        self.loss = slopes.iter().map(|slope| slope.loss).sum::<f64>() / count;
        for (&run, slope) in active.iter().zip(slopes) {
            let run = &mut self.all[run];
            run.spread = slope.spread;
            run.solver.observe(slope.loss, &slope.gradient);
        }
        true
    }

    /// Preconditions those anew whose probabilities have become another's since, as on the way from nothing to the
    /// minimum.
    pub fn precondition_anew(&mut self, covariance: &Covariance) {
        for run in &mut self.all {
            let before = run.solver.preconditioner().map(Preconditioner::spread);
            let Some(before) = before.filter(|_| !run.solver.done()) else {
                continue;
            };
            if (run.spread / before).max(before / run.spread) > SPREAD_APART {
                let weights = &run.problem.feature_weights;
                let preconditioner =
                    Preconditioner::new(covariance, weights, run.problem.l2, run.spread);
                run.solver.precondition_by(Arc::new(preconditioner));
            }
        }
    }

    fn asked(&self, runs: &[usize]) -> Vec<(&Problem, &[f64])> {
        runs.iter().map(|&run| self.all[run].asked()).collect()
    }
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
