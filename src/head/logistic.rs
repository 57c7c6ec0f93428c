//! The default head: multinomial logistic regression on standardised features, by L-BFGS, with the L2 penalty chosen
//! by stratified cross-validation within the training images. Two of them are put together: one on the last stage's
//! features, one on all.
//!
//! One optimum, no learning rate (Kornblith et al. 2019, "Do Better ImageNet Models Transfer Better?").

use std::sync::Arc;

use super::cross_validation::CrossValidation;
use super::expert::Expert;
use super::fit::{EpochReport, Fitted, HeadSummary, LeftOut, Phase, TrainingData};
use super::lbfgs::Limits;
use super::learning_curve::{CurveStep, SHARES, runs_at};
use super::linear::{Head, loss_and_accuracy};
use super::mixture::{Mixture, combine};
use super::objective::Objective;
use super::options::{Method, Recipe};
use super::penalty::{Choice, Chosen, FEW_IMAGES_L2, GRID};
use super::preconditioner::{Covariance, Preconditioner, equal_spread};
use super::regression::{Run, Runs, class_sizes, class_weights, is_balanced};
use super::standardize::{Scaling, Standardizer};
use super::temperature::fit_temperature;

/// With fewer images than this in the smallest class, cross-validation has too little to choose by.
pub const FEW_PER_CLASS: usize = 5;
/// The gradient at which the head is fitted, as a share of λ: weights are off by at most about the gradient
/// divided by λ, the least curvature.
const FITTED_SHARE: f64 = 1e-4;
/// What f32 can tell from zero in a gradient, and what is always near enough.
const FITTED_GRADIENT: (f64, f64) = (3e-8, 1e-5);

/// A fit under way.
pub struct Logistic {
    labels: Vec<String>,
    standardizer: Standardizer,
    scaling: Scaling,
    /// All training images.
    objective: Arc<Objective>,
    cross_validation: Option<CrossValidation>,
    /// Where images are many.
    covariance: Option<Arc<Covariance>>,
    class_weights: Vec<f64>,
    parts: Vec<usize>,
    experts: Vec<Expert>,
    few_images: bool,
    /// Whether the penalty was chosen on a part of the images.
    is_chosen: bool,
    balanced: bool,
    state: State,
    /// What cross-validation has found of each expert.
    chosen: Vec<Chosen>,
    mixture: Option<Mixture>,
    curve: Vec<CurveStep>,
    steps: usize,
    iterations: usize,
}

enum State {
    Choosing(Choice),
    /// Heads that learned from this share of the images.
    Curve(f64, Runs),
    /// One for each expert.
    Fitting(Runs),
    Fitted(Runs),
}

impl Logistic {
    /// Starts a fit. Without folds nothing is chosen by them, and the head is not calibrated.
    pub fn start(recipe: &Recipe, labels: Vec<String>, data: TrainingData) -> Self {
        let TrainingData {
            train,
            folds,
            order,
            turns,
            parts,
            ..
        } = data;
        let parts = match parts.is_empty() {
            true => vec![train.features()],
            false => parts,
        };
        let sizes = class_sizes(&train.classes, labels.len());
        // A penalty that was given is for the regression that books know.
        let (experts, scaling) = match (recipe.l2, parts.len()) {
            (Some(_), _) => (vec![Expert::Plain], Scaling::PerAxis),
            (None, 1) => (vec![Expert::Plain], Scaling::Shrunken),
            // With many images the second one finds out alone what the last stage is worth.
            (None, _) if turns == 1 => (vec![Expert::Weighed], Scaling::Shrunken),
            (None, _) => (vec![Expert::LastStage, Expert::Weighed], Scaling::Shrunken),
        };
        let standardizer = Standardizer::fit(&train.embeddings, &parts, scaling);
        let mut inputs = train.embeddings;
        standardizer.apply(&mut inputs);
        let class_weights = class_weights(recipe.class_weights, &train.classes, labels.len());
        let objective = Arc::new(Objective::new(inputs, train.classes, labels.len()));
        let cross_validation = CrossValidation::new(&objective, &folds, &order, turns);
        let few_images =
            cross_validation.is_none() || sizes.iter().any(|&size| size < FEW_PER_CLASS);
        let covariance = Covariance::of(&objective).map(Arc::new);
        let mut fit = Self {
            covariance,
            balanced: is_balanced(recipe.class_weights, &sizes),
            few_images: few_images && recipe.l2.is_none(),
            is_chosen: recipe.l2.is_none() && !few_images,
            labels,
            standardizer,
            scaling,
            objective,
            cross_validation,
            class_weights,
            parts,
            experts,
            state: State::Fitting(Runs::new(Vec::new())),
            chosen: Vec::new(),
            mixture: None,
            curve: Vec::new(),
            steps: 0,
            iterations: recipe.epochs,
        };
        fit.state = match &fit.cross_validation {
            Some(images) => {
                let grid = match (recipe.l2, few_images) {
                    (Some(l2), _) => vec![l2],
                    (None, true) => vec![FEW_IMAGES_L2],
                    (None, false) => GRID.to_vec(),
                };
                let experts = fit
                    .experts
                    .iter()
                    .map(|expert| fit.in_turns(*expert, images));
                let experts = experts.collect();
                State::Choosing(Choice::start(
                    images,
                    experts,
                    grid,
                    &fit.class_weights,
                    fit.covariance.clone(),
                ))
            }
            None => State::Fitting(fit.final_runs(recipe.l2.unwrap_or(FEW_IMAGES_L2))),
        };
        fit
    }

    /// Goes on by some images of an evaluation; `None` when the minimum is reached.
    pub fn epoch(&mut self) -> Option<EpochReport> {
        self.steps += 1;
        let (phase, loss) = match &mut self.state {
            State::Choosing(choice) => {
                let images = self.cross_validation.as_ref()?;
                choice.advance(images);
                (Phase::ChoosingL2, choice.loss())
            }
            State::Curve(_, runs) => {
                let images = self.cross_validation.as_ref()?;
                runs.advance(&images.objective);
                (Phase::LearningCurve, runs.loss())
            }
            State::Fitting(runs) => {
                if runs.advance(&self.objective)
                    && let Some(covariance) = &self.covariance
                {
                    runs.precondition_anew(covariance);
                }
                (Phase::Fit, runs.loss())
            }
            State::Fitted(_) => return None,
        };
        self.go_on();
        let report = EpochReport::new(phase, self.steps, loss);
        Some(match &self.state {
            State::Fitting(_) if phase == Phase::Fit => EpochReport {
                l2: Some(self.l2()),
                ..report
            },
            State::Fitted(runs) => self.last_report(runs, report),
            _ => report,
        })
    }

    /// The head as it stands, for plain embeddings, calibrated where folds were left out.
    pub fn finish(self) -> Fitted {
        let classes = self.labels.len();
        let runs = match &self.state {
            State::Fitting(runs) | State::Fitted(runs) => runs.all(),
            _ => &[],
        };
        let (weights, biases) = self.combined(runs);
        let (weights, biases) = self.standardizer.unapply(&weights, &biases);
        let mixture = self.mixture_or_prior();
        let left_out = self.cross_validation.as_ref().and_then(|images| {
            (!self.chosen.is_empty()).then(|| {
                let judged = images.judged();
                LeftOut {
                    logits: self.left_out_logits(),
                    images: judged.iter().map(|&image| images.images[image]).collect(),
                    folds: judged.iter().map(|&image| images.folds[image]).collect(),
                }
            })
        });
        let temperature = match (&left_out, self.experts.len()) {
            (None, _) => 1.0,
            (Some(_), 2) => mixture.temperature,
            (Some(left_out), _) => {
                let truth = self.cross_validation.as_ref().map(CrossValidation::truth);
                fit_temperature(&left_out.logits, &truth.unwrap_or_default(), classes)
            }
        };
        let last_stage = (self.experts.len() == 2).then(|| super::fit::LastStage {
            l2: self.l2_of(0),
            share: mixture.share,
        });
        Fitted {
            summary: HeadSummary {
                method: Method::Lbfgs,
                l2: self.l2(),
                last_stage,
                balanced: self.balanced,
                scaling: Some(self.scaling),
                few_images: self.few_images,
                converged: runs.iter().all(|run| run.solver.converged()),
            },
            calibrated_on: left_out
                .as_ref()
                .map_or(0, |left_out| left_out.images.len()),
            head: Head::from_weights(self.labels, weights, biases).calibrated(temperature),
            left_out,
            learning_curve: self.curve,
        }
    }

    /// From one state to the next, where one has come to its end.
    fn go_on(&mut self) {
        let state = std::mem::replace(&mut self.state, State::Fitting(Runs::new(Vec::new())));
        self.state = match state {
            State::Choosing(choice) if choice.done() => {
                self.chosen = choice.found();
                self.mix();
                self.curve_at(SHARES[0])
            }
            State::Curve(share, runs) if runs.done() => {
                self.keep_curve(share, &runs);
                match SHARES.iter().find(|&&other| other > share) {
                    Some(&next) => self.curve_at(next),
                    None => State::Fitting(self.final_runs(0.0)),
                }
            }
            State::Fitting(runs) if runs.done() => State::Fitted(runs),
            same => same,
        };
    }

    fn curve_at(&self, share: f64) -> State {
        match &self.cross_validation {
            Some(images) => {
                let runs = runs_at(
                    share,
                    images,
                    &self.chosen,
                    &self.class_weights,
                    self.covariance.as_deref(),
                );
                State::Curve(share, runs)
            }
            None => State::Fitting(self.final_runs(0.0)),
        }
    }

    fn keep_curve(&mut self, share: f64, runs: &Runs) {
        let Some(images) = &self.cross_validation else {
            return;
        };
        let of_experts = runs.all().chunks(images.turns).map(|runs| {
            let found: Vec<_> = runs.iter().map(Run::found).collect();
            images.left_out(&images.objective.logits(&found))
        });
        let of_experts: Vec<Vec<f32>> = of_experts.collect();
        self.curve.push(CurveStep {
            share,
            images: images.images_at(share),
            logits: self.mixed(&of_experts.iter().map(Vec::as_slice).collect::<Vec<_>>()),
        });
    }

    /// Finds what each of two experts counts, where images were left out.
    fn mix(&mut self) {
        if let ([first, second], Some(images)) =
            (self.chosen.as_slice(), self.cross_validation.as_ref())
        {
            let logits = [first.logits.as_slice(), &second.logits];
            let truth = images.truth();
            self.mixture = Some(Mixture::fit(logits, &truth, self.labels.len()));
        }
    }

    fn left_out_logits(&self) -> Vec<f32> {
        let of_experts = self.chosen.iter().map(|chosen| chosen.logits.as_slice());
        self.mixed(&of_experts.collect::<Vec<_>>())
    }

    /// The experts' logits put together.
    fn mixed(&self, of_experts: &[&[f32]]) -> Vec<f32> {
        match of_experts {
            [first, second] => combine([first, second], self.factors_of_two()),
            _ => of_experts.concat(),
        }
    }

    fn mixture_or_prior(&self) -> Mixture {
        let images = self.objective.truth().len() as f64;
        let unseen = Mixture::unseen(images / self.labels.len() as f64);
        self.mixture.unwrap_or(unseen)
    }

    fn factors_of_two(&self) -> [f64; 2] {
        self.mixture_or_prior().weights
    }

    /// Weights `[features, classes]` and biases `[classes]` of the experts together, for standardised features.
    fn combined(&self, runs: &[Run]) -> (Vec<f64>, Vec<f64>) {
        let classes = self.labels.len();
        let mut sum = vec![0.0; self.objective.parameters()];
        let factors = match runs.len() {
            2 => self.factors_of_two().to_vec(),
            count => vec![1.0; count],
        };
        for (run, factor) in runs.iter().zip(factors) {
            let (problem, point) = run.found();
            let weights = problem.feature_weights.iter().copied().chain([1.0]);
            let rows = point
                .chunks_exact(classes)
                .zip(sum.chunks_exact_mut(classes));
            for (weight, (row, sums)) in weights.zip(rows) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += factor * weight * value;
                }
            }
        }
        let biases = sum.split_off(self.objective.features() * classes);
        (sum, biases)
    }

    /// An expert's feature weights in each turn of cross-validation.
    fn in_turns(&self, expert: Expert, images: &CrossValidation) -> Vec<Arc<[f64]>> {
        let in_turn = |turn| {
            let learns = |image: usize| images.folds[image] != turn;
            expert.feature_weights(&images.objective, &self.parts, learns)
        };
        (0..images.turns).map(in_turn).collect()
    }

    /// Regressions on all training images, with the penalties that were chosen, or with this one.
    fn final_runs(&self, l2: f64) -> Runs {
        let weight = |image: usize| self.class_weights[self.objective.truth()[image]];
        let run = |(place, expert): (usize, &Expert)| {
            let weights = expert.feature_weights(&self.objective, &self.parts, |_| true);
            let chosen = self.chosen.get(place);
            let l2 = chosen.map_or(l2, |_| self.l2_of(place));
            let limits = Limits {
                gradient: (FITTED_SHARE * l2).clamp(FITTED_GRADIENT.0, FITTED_GRADIENT.1),
                iterations: self.iterations,
            };
            let from = chosen.map(|chosen| mean(&chosen.points));
            let spread =
                chosen.map_or_else(|| equal_spread(self.labels.len()), |chosen| chosen.spread);
            let preconditioner = self
                .covariance
                .as_ref()
                .map(|covariance| Arc::new(Preconditioner::new(covariance, &weights, l2, spread)));
            Run::new(
                &self.objective,
                (weights, l2),
                weight,
                from.as_deref(),
                preconditioner,
                limits,
            )
        };
        Runs::new(self.experts.iter().enumerate().map(run).collect())
    }

    /// The penalty of the regression on all features.
    fn l2(&self) -> f64 {
        self.l2_of(self.experts.len() - 1)
    }

    /// An expert's penalty on all images. A penalty is a prior on weights, whose pull on their sum of losses does not
    /// grow with the images: what was chosen on a part of them is lessened as they become more.
    fn l2_of(&self, expert: usize) -> f64 {
        let (Some(chosen), Some(images)) = (self.chosen.get(expert), &self.cross_validation) else {
            return match &self.state {
                State::Fitting(runs) | State::Fitted(runs) => runs
                    .all()
                    .get(expert)
                    .map_or(FEW_IMAGES_L2, |run| run.problem.l2),
                _ => FEW_IMAGES_L2,
            };
        };
        let all = self.objective.truth().len();
        match self.is_chosen {
            true => chosen.l2 * images.learned() / all as f64,
            false => chosen.l2,
        }
    }

    /// What the head says of the training images.
    fn last_report(&self, runs: &Runs, report: EpochReport) -> EpochReport {
        let found: Vec<_> = runs.all().iter().map(Run::found).collect();
        let of_experts = self.objective.logits(&found);
        let logits = self.mixed(&of_experts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let (loss, accuracy) =
            loss_and_accuracy(&logits, self.objective.truth(), self.labels.len());
        EpochReport {
            loss,
            train_accuracy: Some(accuracy),
            l2: Some(self.l2()),
            ..report
        }
    }
}

fn mean(points: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; points.first().map_or(0, Vec::len)];
    for point in points {
        for (sum, value) in mean.iter_mut().zip(point) {
            *sum += value / points.len() as f64;
        }
    }
    mean
}
