//! The default head: multinomial logistic regression on standardised embeddings, by L-BFGS, with the L2
//! penalty chosen by stratified cross-validation within the training images.
//!
//! One optimum, no learning rate (Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?").

use super::fit::{EpochReport, Fitted, HeadSummary, LabelledEmbeddings, LeftOut, Phase};
use super::lbfgs::Limits;
use super::linear::{Head, loss_and_accuracy};
use super::options::{Method, Recipe};
use super::penalty::choose;
use super::regression::{CLOSE, ROUGH, Regression, Run, class_sizes, fold_count, is_balanced};
use super::temperature::fit_temperature;

/// Penalties to choose from: λ in `mean cross-entropy + λ/2 · ‖W‖²`, weakest first.
const GRID: [f64; 9] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0];
/// With fewer images than this in the smallest class, cross-validation has too little to choose by.
pub const FEW_PER_CLASS: usize = 5;
/// The penalty then: in the strong half of the grid. With so few images the choice hardly moves accuracy;
/// this one keeps probabilities modest (`benches/accuracy.md`).
const FEW_IMAGES_L2: f64 = 0.1;
/// The gradient at which the head is fitted, as a share of λ: weights are off by at most about the gradient
/// divided by λ, the least curvature.
const FITTED_SHARE: f64 = 1e-4;
/// What f32 can tell from zero in a gradient, and what is always near enough.
const FITTED_GRADIENT: (f64, f64) = (2e-7, 1e-5);

/// A fit under way.
pub struct Logistic {
    labels: Vec<String>,
    regression: Regression,
    /// Each training image's fold.
    folds: Vec<usize>,
    few_images: bool,
    balanced: bool,
    state: State,
    left_out: Option<LeftOut>,
    evaluations: usize,
    iterations: usize,
}

enum State {
    Choosing(Choice),
    /// One run for each fold left out, with the penalty in force.
    LeavingOut(Vec<Run>, f64),
    Fitting(Run),
}

/// The choice of a penalty, a fold at a time: a solver for each penalty is held in memory.
struct Choice {
    /// The fold left out at present.
    fold: usize,
    /// One for each penalty of the grid.
    candidates: Vec<Run>,
    /// Logits `[N, classes]` by each penalty; those of the folds not yet left out are 0.
    logits: Vec<Vec<f32>>,
}

impl Logistic {
    /// Starts a fit. `folds` gives each training image's cross-validation fold; with fewer than two folds
    /// nothing is chosen by them, and the head is not calibrated.
    pub fn start(
        recipe: &Recipe,
        labels: Vec<String>,
        train: &LabelledEmbeddings,
        folds: &[usize],
    ) -> Self {
        let sizes = class_sizes(&train.classes, labels.len());
        let regression = Regression::new(train, recipe.class_weights, labels.len());
        let count = fold_count(folds);
        let few_images = count.is_none() || sizes.iter().any(|&size| size < FEW_PER_CLASS);
        let state = match (recipe.l2, count) {
            (Some(l2), count) => next_state(&regression, folds, count, l2, recipe.epochs),
            (None, Some(_)) if !few_images => State::Choosing(Choice {
                fold: 0,
                candidates: candidates(&regression, folds, 0),
                logits: vec![vec![0.0; train.classes.len() * labels.len()]; GRID.len()],
            }),
            (None, count) => next_state(&regression, folds, count, FEW_IMAGES_L2, recipe.epochs),
        };
        Self {
            balanced: is_balanced(recipe.class_weights, &sizes),
            few_images: few_images && recipe.l2.is_none(),
            labels,
            regression,
            folds: folds.to_vec(),
            state,
            left_out: None,
            evaluations: 0,
            iterations: recipe.epochs,
        }
    }

    /// One evaluation of all runs on the way, or one step of the fit; `None` when the minimum is reached.
    pub fn epoch(&mut self) -> Option<EpochReport> {
        self.evaluations += 1;
        let (phase, loss) = match &mut self.state {
            State::Choosing(choice) => {
                let loss = self.regression.advance(&mut choice.candidates);
                if choice.candidates.iter().all(|run| run.solver.done()) {
                    self.finish_fold();
                }
                (Phase::ChoosingL2, loss)
            }
            State::LeavingOut(runs, l2) => {
                let (loss, l2) = (self.regression.advance(runs), *l2);
                if runs.iter().all(|run| run.solver.done()) {
                    let logits = self.regression.left_out_logits(runs, &self.folds);
                    self.left_out = Some(LeftOut {
                        logits,
                        folds: self.folds.clone(),
                    });
                    self.state = State::Fitting(final_run(&self.regression, l2, self.iterations));
                }
                (Phase::Calibration, loss)
            }
            State::Fitting(run) => {
                if run.solver.done() {
                    return None;
                }
                let iterations = run.solver.iterations();
                while !run.solver.done() && run.solver.iterations() == iterations {
                    self.regression.advance(std::slice::from_mut(run));
                }
                let logits = self.regression.logits(std::slice::from_ref(run));
                let (loss, accuracy) =
                    loss_and_accuracy(&logits.concat(), &self.regression.truth, self.labels.len());
                return Some(EpochReport {
                    train_accuracy: Some(accuracy),
                    l2: Some(run.problem.l2),
                    ..EpochReport::new(Phase::Fit, self.evaluations, loss)
                });
            }
        };
        Some(EpochReport::new(phase, self.evaluations, loss))
    }

    /// The head as it stands, for plain embeddings, calibrated where folds were left out.
    pub fn finish(self) -> Fitted {
        let (point, l2) = match &self.state {
            State::Fitting(run) => (run.solver.best().to_vec(), run.problem.l2),
            _ => (vec![0.0; self.regression.objective.parameters()], 0.0),
        };
        let classes = self.labels.len();
        let temperature = self.left_out.as_ref().map(|left_out| {
            let truth = &self.regression.truth;
            (
                fit_temperature(&left_out.logits, truth, classes),
                truth.len(),
            )
        });
        let (weights, biases) = self.regression.standardizer.unapply(&point, classes);
        let head = Head::from_weights(self.labels, weights, biases);
        Fitted {
            head: head.calibrated(temperature.map_or(1.0, |(temperature, _)| temperature)),
            summary: HeadSummary {
                method: Method::Lbfgs,
                l2,
                balanced: self.balanced,
                scaling: Some(self.regression.scaling),
                few_images: self.few_images,
            },
            calibrated_on: temperature.map_or(0, |(_, count)| count),
            left_out: self.left_out,
        }
    }

    /// Keeps what the candidates say of the fold that was left out, and goes on to the next fold, or on with
    /// the penalty that all folds together speak for.
    fn finish_fold(&mut self) {
        let State::Choosing(choice) = &mut self.state else {
            return;
        };
        let regression = &self.regression;
        let logits = regression.logits(&choice.candidates);
        let classes = self.labels.len();
        for (kept, logits) in choice.logits.iter_mut().zip(logits) {
            let rows = kept
                .chunks_exact_mut(classes)
                .zip(logits.chunks_exact(classes));
            for ((kept, row), &fold) in rows.zip(&self.folds) {
                if fold == choice.fold {
                    kept.copy_from_slice(row);
                }
            }
        }
        let count = fold_count(&self.folds);
        choice.fold += 1;
        if count.is_some_and(|count| choice.fold < count) {
            choice.candidates = candidates(regression, &self.folds, choice.fold);
        } else {
            let best = choose(&choice.logits, &regression.truth, &regression.class_weights);
            self.state = next_state(regression, &self.folds, count, GRID[best], self.iterations);
        }
    }
}

/// The candidates of the grid, on all folds but one.
fn candidates(regression: &Regression, folds: &[usize], left_out: usize) -> Vec<Run> {
    GRID.iter()
        .map(|&l2| regression.run(l2, ROUGH, |image| folds[image] != left_out))
        .collect()
}

/// What follows once the penalty is known.
fn next_state(
    regression: &Regression,
    folds: &[usize],
    count: Option<usize>,
    l2: f64,
    iterations: usize,
) -> State {
    let Some(count) = count else {
        return State::Fitting(final_run(regression, l2, iterations));
    };
    let run = |fold| regression.run(l2, CLOSE, move |image| folds[image] != fold);
    State::LeavingOut((0..count).map(run).collect(), l2)
}

fn final_run(regression: &Regression, l2: f64, iterations: usize) -> Run {
    let limits = Limits {
        gradient: (FITTED_SHARE * l2).clamp(FITTED_GRADIENT.0, FITTED_GRADIENT.1),
        iterations,
    };
    regression.run(l2, limits, |_| true)
}
