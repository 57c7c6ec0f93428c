//! L-BFGS as a state machine: it names the point to evaluate next, and is told loss and gradient there.
//!
//! Written this way because many solvers share one evaluation: the solver never calls the objective.
//!
//! Nocedal & Wright 2006, "Numerical Optimization", algorithms 7.4 (two-loop recursion) and 3.1
//! (backtracking). The objectives here are strictly convex, so every accepted step has positive curvature.

use std::collections::VecDeque;
use std::sync::Arc;

use super::preconditioner::Preconditioner;

/// Pairs of steps and gradient changes kept.
const MEMORY: usize = 10;
/// Armijo's constant: the share of the predicted decrease that a step must reach.
const SUFFICIENT_DECREASE: f64 = 1e-4;
/// What an f32 loss may be off by, relative to its size.
const LOSS_NOISE: f64 = 1e-6;
/// Halvings after which a line search gives up: the loss cannot be told apart any more.
const MAX_HALVINGS: usize = 20;

/// A minimisation under way.
pub struct Lbfgs {
    point: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    direction: Vec<f64>,
    slope: f64,
    step: f64,
    halvings: usize,
    trial: Vec<f64>,
    memory: VecDeque<Pair>,
    preconditioner: Option<Arc<Preconditioner>>,
    iterations: usize,
    limits: Limits,
    done: bool,
    converged: bool,
    started: bool,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest component of the gradient that counts as zero.
    pub gradient: f64,
    /// Accepted steps at most.
    pub iterations: usize,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// 1 by the product of the two.
    rho: f64,
    /// What the inverse Hessian is like, by the preconditioner's measure.
    scale: f64,
}

impl Lbfgs {
    /// Starts from `point`.
    pub fn new(
        point: Vec<f64>,
        limits: Limits,
        preconditioner: Option<Arc<Preconditioner>>,
    ) -> Self {
        Self {
            trial: point.clone(),
            gradient: vec![0.0; point.len()],
            direction: vec![0.0; point.len()],
            point,
            loss: f64::INFINITY,
            slope: 0.0,
            step: 1.0,
            halvings: 0,
            memory: VecDeque::with_capacity(MEMORY),
            preconditioner,
            iterations: 0,
            limits,
            done: false,
            converged: false,
            started: false,
        }
    }

    /// Where to evaluate next.
    pub fn trial(&self) -> &[f64] {
        &self.trial
    }

    /// The best point so far.
    pub fn best(&self) -> &[f64] {
        &self.point
    }

    /// Whether the minimum is found, or cannot be approached further.
    pub fn done(&self) -> bool {
        self.done
    }

    /// Whether it ended at a minimum: where the gradient is within its limit, or the loss cannot be told from a lower one.
    pub fn converged(&self) -> bool {
        self.converged
    }

    /// What directions are preconditioned by.
    pub fn preconditioner(&self) -> Option<&Preconditioner> {
        self.preconditioner.as_deref()
    }

    /// Preconditions by another one from the next step on.
    pub fn precondition_by(&mut self, preconditioner: Arc<Preconditioner>) {
        self.preconditioner = Some(preconditioner);
        if let Some(pair) = self.memory.back() {
            let change = dot(&pair.change, &self.precondition(pair.change.clone()));
            let scale = 1.0 / (pair.rho * change);
            self.memory.iter_mut().for_each(|pair| pair.scale = scale);
        }
    }

    /// Takes loss and gradient at [`trial`](Self::trial).
    pub fn observe(&mut self, loss: f64, gradient: &[f64]) {
        if self.done {
            return;
        }
        if self.started && !self.decreases_enough(loss) {
            self.halvings += 1;
            if self.halvings > MAX_HALVINGS {
                self.done = true;
                self.converged = true;
                return;
            }
            self.step *= 0.5;
            self.set_trial();
            return;
        }
        if self.started {
            self.remember(gradient);
            self.iterations += 1;
        }
        self.started = true;
        self.point.copy_from_slice(&self.trial);
        self.gradient.copy_from_slice(gradient);
        self.loss = loss;
        let largest = gradient.iter().fold(0.0_f64, |max, g| max.max(g.abs()));
        self.converged = largest <= self.limits.gradient;
        if self.converged || self.iterations >= self.limits.iterations {
            self.done = true;
            return;
        }
        self.aim();
    }

    fn decreases_enough(&self, loss: f64) -> bool {
        let bound = self.loss + SUFFICIENT_DECREASE * self.step * self.slope;
        // Written so that a loss that is not a number does not pass.
        loss <= bound + LOSS_NOISE * self.loss.abs()
    }

    fn remember(&mut self, gradient: &[f64]) {
        let step: Vec<f64> = difference(&self.trial, &self.point);
        let change: Vec<f64> = difference(gradient, &self.gradient);
        let curvature = dot(&step, &change);
        if curvature <= f64::EPSILON * dot(&change, &change) {
            return;
        }
        if self.memory.len() == MEMORY {
            self.memory.pop_front();
        }
        let scale = curvature / dot(&change, &self.precondition(change.clone()));
        self.memory.push_back(Pair {
            step,
            change,
            rho: 1.0 / curvature,
            scale,
        });
    }

    fn precondition(&self, gradient: Vec<f64>) -> Vec<f64> {
        match &self.preconditioner {
            Some(preconditioner) => preconditioner.apply(&gradient),
            None => gradient,
        }
    }

    /// Sets the direction by the two-loop recursion, and the first trial along it.
    fn aim(&mut self) {
        let mut q = self.gradient.clone();
        let mut alphas = Vec::with_capacity(self.memory.len());
        for pair in self.memory.iter().rev() {
            let alpha = pair.rho * dot(&pair.step, &q);
            add_scaled(&mut q, -alpha, &pair.change);
            alphas.push(alpha);
        }
        let scale = match (self.memory.back(), &self.preconditioner) {
            (Some(pair), _) => pair.scale,
            (None, Some(_)) => 1.0,
            (None, None) => 1.0 / dot(&self.gradient, &self.gradient).sqrt().max(1.0),
        };
        let mut q = self.precondition(q);
        q.iter_mut().for_each(|value| *value *= scale);
        for (pair, alpha) in self.memory.iter().zip(alphas.into_iter().rev()) {
            let beta = pair.rho * dot(&pair.change, &q);
            add_scaled(&mut q, alpha - beta, &pair.step);
        }
        q.iter_mut().for_each(|value| *value = -*value);
        self.slope = dot(&q, &self.gradient);
        if self.slope >= 0.0 {
            // Rounding has turned it uphill.
            self.memory.clear();
            self.preconditioner = None;
            q = self.gradient.iter().map(|value| -value).collect();
            self.slope = -dot(&self.gradient, &self.gradient);
        }
        self.direction = q;
        self.step = 1.0;
        self.halvings = 0;
        self.set_trial();
    }

    fn set_trial(&mut self) {
        self.trial.copy_from_slice(&self.point);
        add_scaled(&mut self.trial, self.step, &self.direction);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn add_scaled(target: &mut [f64], scale: f64, values: &[f64]) {
    for (target, value) in target.iter_mut().zip(values) {
        *target += scale * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        gradient: 1e-9,
        iterations: 200,
    };

    fn minimise(start: Vec<f64>, f: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> (Vec<f64>, usize) {
        let mut solver = Lbfgs::new(start, LIMITS, None);
        let mut evaluations = 0;
        while !solver.done() {
            let (loss, gradient) = f(solver.trial());
            solver.observe(loss, &gradient);
            evaluations += 1;
            assert!(evaluations < 2000, "it does not end");
        }
        (solver.best().to_vec(), evaluations)
    }

    #[test]
    fn it_finds_the_minimum_of_a_stretched_bowl() {
        let scales: Vec<f64> = (0..40).map(|i| 10_f64.powf(f64::from(i) / 13.0)).collect();
        let (minimum, evaluations) = minimise(vec![1.0; 40], |x| {
            let loss = x
                .iter()
                .zip(&scales)
                .map(|(x, s)| 0.5 * s * (x - 2.0).powi(2))
                .sum();
            let gradient = x.iter().zip(&scales).map(|(x, s)| s * (x - 2.0)).collect();
            (loss, gradient)
        });
        let worst = minimum
            .iter()
            .fold(0.0_f64, |max, x| max.max((x - 2.0).abs()));
        assert!(worst < 1e-4, "{worst} after {evaluations} evaluations");
    }

    #[test]
    fn a_minimum_at_the_start_is_seen_at_once() {
        let (minimum, evaluations) = minimise(vec![0.0; 3], |x| (0.0, x.to_vec()));
        assert_eq!((minimum, evaluations), (vec![0.0; 3], 1));
    }

    #[test]
    fn a_loss_that_is_not_a_number_shortens_the_step() {
        let (minimum, _) = minimise(vec![3.0], |x| {
            // Defined for x > 0 only: -ln x + x, least at 1.
            (x[0] - x[0].ln(), vec![1.0 - 1.0 / x[0]])
        });
        assert!((minimum[0] - 1.0).abs() < 1e-6);
    }
}
