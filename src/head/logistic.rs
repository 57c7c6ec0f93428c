//! The default head: multinomial logistic regression on standardised embeddings, by L-BFGS, with the L2
//! penalty chosen by stratified cross-validation within the training images.
//!
//! One optimum, no learning rate (Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?").

use burn::tensor::Device;

use super::fit::{EpochReport, LabelledEmbeddings, Phase};
use super::lbfgs::{Lbfgs, Limits};
use super::linear::{Head, cross_entropy, loss_and_accuracy, softmax};
use super::objective::{Objective, Problem};
use super::options::{ClassWeights, Recipe};
use super::standardize::Standardizer;
use crate::Result;

/// Penalties to choose from: λ in `mean cross-entropy + λ/2 · ‖W‖²`, weakest first.
const GRID: [f64; 9] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0];
/// The penalty where there are too few images to choose by: in the strong half of the grid.
const FEW_IMAGES_L2: f64 = 0.1;
/// Within a fold only the penalties' order matters, so a rough minimum will do.
const CHOOSING: Limits = Limits {
    gradient: 1e-3,
    iterations: 60,
};
/// The gradient at which the head is fitted, as a share of λ: weights are off by at most about the gradient
/// divided by λ, the least curvature.
const FITTED_SHARE: f64 = 1e-4;
/// What f32 can tell from zero in a gradient, and what is always near enough.
const FITTED_GRADIENT: (f64, f64) = (2e-7, 1e-5);

/// A fit under way.
pub struct Logistic {
    labels: Vec<String>,
    truth: Vec<usize>,
    class_weights: Vec<f64>,
    standardizer: Standardizer,
    objective: Objective,
    state: State,
    evaluations: usize,
    iterations: usize,
    device: Device,
}

enum State {
    Choosing(Choice),
    Fitting { problem: Problem, solver: Lbfgs },
}

/// The choice of a penalty, a fold at a time: a solver for each penalty is held in memory.
struct Choice {
    /// Each image's fold.
    folds: Vec<usize>,
    /// The fold left out at present.
    fold: usize,
    /// One for each penalty of the grid.
    candidates: Vec<Candidate>,
    /// Cross-entropy of each penalty on the folds left out so far.
    entropies: [f64; GRID.len()],
}

struct Candidate {
    problem: Problem,
    solver: Lbfgs,
}

impl Logistic {
    /// Starts a fit. `folds` gives each training image's cross-validation fold; with fewer than two folds
    /// nothing is chosen by them.
    pub fn start(
        recipe: &Recipe,
        labels: Vec<String>,
        train: &LabelledEmbeddings,
        folds: &[usize],
        device: &Device,
    ) -> Self {
        let classes = labels.len();
        let standardizer = Standardizer::fit(&train.embeddings);
        let inputs = standardizer.apply(&train.embeddings);
        let mut fit = Self {
            class_weights: class_weights(recipe.class_weights, &train.classes, classes),
            objective: Objective::new(inputs, &train.classes, classes, device),
            truth: train.classes.clone(),
            labels,
            standardizer,
            state: State::Choosing(Choice {
                folds: folds.to_vec(),
                fold: 0,
                candidates: Vec::new(),
                entropies: [0.0; GRID.len()],
            }),
            evaluations: 0,
            iterations: recipe.epochs,
            device: device.clone(),
        };
        match recipe.l2 {
            Some(l2) => fit.fit_with(l2),
            None if folds.iter().all(|&fold| fold == 0) => fit.fit_with(FEW_IMAGES_L2),
            None => fit.leave_out(0),
        }
        fit
    }

    /// One evaluation for all candidates, or one step of the fit; `None` when the minimum is reached.
    ///
    /// # Errors
    /// `DEVICE_LOST` when results cannot be read back.
    pub async fn epoch(&mut self) -> Result<Option<EpochReport>> {
        self.evaluations += 1;
        match &mut self.state {
            State::Choosing(choice) => {
                let loss = advance(&self.objective, &mut choice.candidates).await?;
                let fold_is_done = choice.candidates.iter().all(|c| c.solver.done());
                if fold_is_done {
                    self.finish_fold().await?;
                }
                Ok(Some(EpochReport::new(
                    Phase::ChoosingL2,
                    self.evaluations,
                    loss,
                )))
            }
            State::Fitting { problem, solver } => {
                if solver.done() {
                    return Ok(None);
                }
                let iterations = solver.iterations();
                while !solver.done() && solver.iterations() == iterations {
                    let results = self
                        .objective
                        .evaluate(&[(problem, solver.trial())])
                        .await?;
                    for (loss, gradient) in results {
                        solver.observe(loss, &gradient);
                    }
                }
                let logits = self.objective.logits(&[solver.best()]).await?.concat();
                let (loss, accuracy) = loss_and_accuracy(&logits, &self.truth, self.labels.len());
                Ok(Some(EpochReport {
                    train_accuracy: Some(accuracy),
                    l2: Some(problem.l2),
                    ..EpochReport::new(Phase::Fit, self.evaluations, loss)
                }))
            }
        }
    }

    /// The head as it stands, for plain embeddings.
    pub fn into_head(self) -> Head {
        let point = match &self.state {
            State::Choosing(_) => vec![0.0; self.objective.parameters()],
            State::Fitting { solver, .. } => solver.best().to_vec(),
        };
        let (weights, biases) = self.standardizer.unapply(&point, self.labels.len());
        Head::from_weights(self.labels, weights, biases, &self.device)
    }

    fn fit_with(&mut self, l2: f64) {
        let limits = Limits {
            gradient: (FITTED_SHARE * l2).clamp(FITTED_GRADIENT.0, FITTED_GRADIENT.1),
            iterations: self.iterations,
        };
        self.state = State::Fitting {
            problem: self.problem(l2, |_| true),
            solver: Lbfgs::new(vec![0.0; self.objective.parameters()], limits),
        };
    }

    /// Starts the candidates on all folds but one.
    fn leave_out(&mut self, left_out: usize) {
        let State::Choosing(choice) = &self.state else {
            return;
        };
        let candidates = GRID
            .iter()
            .map(|&l2| Candidate {
                problem: self.problem(l2, |image| choice.folds[image] != left_out),
                solver: Lbfgs::new(vec![0.0; self.objective.parameters()], CHOOSING),
            })
            .collect();
        if let State::Choosing(choice) = &mut self.state {
            choice.fold = left_out;
            choice.candidates = candidates;
        }
    }

    /// The regression on the images that `counts` names.
    fn problem(&self, l2: f64, counts: impl Fn(usize) -> bool) -> Problem {
        let mut image_weights: Vec<f64> = self
            .truth
            .iter()
            .enumerate()
            .map(|(image, &class)| {
                if counts(image) {
                    self.class_weights[class]
                } else {
                    0.0
                }
            })
            .collect();
        let sum: f64 = image_weights.iter().sum();
        image_weights.iter_mut().for_each(|weight| *weight /= sum);
        Problem { image_weights, l2 }
    }

    /// Judges the candidates on the fold that was left out, and goes on to the next fold, or to the fit with
    /// the penalty of the least cross-entropy; of equals the strongest.
    async fn finish_fold(&mut self) -> Result<()> {
        let State::Choosing(choice) = &mut self.state else {
            return Ok(());
        };
        let solvers = choice.candidates.iter().map(|c| c.solver.best());
        let logits = self.objective.logits(&solvers.collect::<Vec<_>>()).await?;
        for (sum, logits) in choice.entropies.iter_mut().zip(logits) {
            for (image, row) in logits.chunks_exact(self.labels.len()).enumerate() {
                if choice.folds[image] == choice.fold {
                    let class = self.truth[image];
                    *sum += self.class_weights[class] * cross_entropy(&softmax(row), class);
                }
            }
        }
        if choice.folds.iter().any(|&fold| fold > choice.fold) {
            let next = choice.fold + 1;
            self.leave_out(next);
        } else {
            let entropies = choice.entropies;
            let best = (0..GRID.len()).fold(0, |best, index| {
                if entropies[index] <= entropies[best] {
                    index
                } else {
                    best
                }
            });
            self.fit_with(GRID[best]);
        }
        Ok(())
    }
}

/// One joint evaluation of the candidates that are not done; gives their mean loss.
async fn advance(objective: &Objective, candidates: &mut [Candidate]) -> Result<f64> {
    let active: Vec<&mut Candidate> = candidates.iter_mut().filter(|c| !c.solver.done()).collect();
    let asked: Vec<(&Problem, &[f64])> = active
        .iter()
        .map(|c| (&c.problem, c.solver.trial()))
        .collect();
    let results = objective.evaluate(&asked).await?;
    let count = results.len().max(1) as f64;
    let mean = results.iter().map(|(loss, _)| loss).sum::<f64>() / count;
    for (candidate, (loss, gradient)) in active.into_iter().zip(results) {
        candidate.solver.observe(loss, &gradient);
    }
    Ok(mean)
}

/// `N / (classes · images of the class)` when balanced (scikit-learn's "balanced"), 1 otherwise.
pub(crate) fn class_weights(wanted: ClassWeights, truth: &[usize], classes: usize) -> Vec<f64> {
    let mut sizes = vec![0_usize; classes];
    truth.iter().for_each(|&class| sizes[class] += 1);
    let largest = sizes.iter().max().copied().unwrap_or(0);
    let smallest = sizes.iter().min().copied().unwrap_or(0);
    if !wanted.applies(smallest, largest) {
        return vec![1.0; classes];
    }
    sizes
        .iter()
        .map(|&size| truth.len() as f64 / (classes * size.max(1)) as f64)
        .collect()
}
