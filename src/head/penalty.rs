//! Which penalty cross-validation speaks for: that of the least log loss on the images left out, each at its best
//! temperature, since the head is judged and calibrated that way; and of what is known before an image is seen, which
//! counts where images are few and decides between penalties of equal loss.
//!
//! Penalties are tried from the strongest to the weakest, each from the minimum of the one before. In a flat valley
//! the least is taken all the same: on nine sets of pictures, the strongest within one standard error of the paired
//! difference loses a point of accuracy to it (`benches/accuracy.md`).

use std::sync::Arc;

use super::cross_validation::{CrossValidation, TurnRegression};
use super::linear::{cross_entropy, softmax_at};
use super::preconditioner::{Covariance, equal_spread};
use super::regression::{Run, Runs};
use super::temperature::fit_temperature;

/// Penalties to choose from: λ in `mean cross-entropy + λ/2 · ‖W‖²`, strongest first. Where λ is 30 on standardised
/// features, a head says little more than how common a class is.
pub const GRID: [f64; 14] = [
    30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5,
];
/// The penalty where images are too few to choose by. The choice then hardly moves accuracy; this one has the least log
/// loss of those measured (`benches/accuracy.md`, "few").
pub const FEW_IMAGES_L2: f64 = 0.1;
/// How far the best penalty strays from that, as a factor: the deviation of a normal prior on its logarithm. It fades, and
/// from so many images of a class on, what the images say is all that counts.
const PRIOR_FACTOR: f64 = 10.0;
const PRIOR_UNTIL: f64 = 50.0;
/// Weaker penalties in turn that are no better, after which no other is tried.
const PATIENCE: usize = 2;

/// The search under way, for several experts at a time.
pub struct Choice {
    grid: Vec<f64>,
    rung: usize,
    /// One for each expert that is still searching and each turn.
    runs: Runs,
    searching: Vec<usize>,
    searches: Vec<Search>,
    class_weights: Vec<f64>,
    covariance: Option<Arc<Covariance>>,
}

/// One expert's search.
struct Search {
    /// What features count in each turn.
    feature_weights: Vec<Arc<[f64]>>,
    /// The spread of the probabilities at the last minimum.
    spread: f64,
    chosen: Option<Chosen>,
    misses: usize,
}

/// What an expert's search has found.
pub struct Chosen {
    /// The penalty.
    pub l2: f64,
    /// The log loss on the images left out, at its best temperature, all of them together, and that of the prior.
    cost: f64,
    /// What was said of the judged images, `[judged, classes]`.
    pub logits: Vec<f32>,
    /// The spread of the probabilities there.
    pub spread: f64,
    /// Each turn's minimum.
    pub points: Vec<Vec<f64>>,
    /// What features counted in each turn.
    pub feature_weights: Vec<Arc<[f64]>>,
}

impl Choice {
    /// Begins with the first penalty of the grid; `experts` has each one's feature weights in each turn.
    pub fn start(
        images: &CrossValidation,
        experts: Vec<Vec<Arc<[f64]>>>,
        grid: Vec<f64>,
        class_weights: &[f64],
        covariance: Option<Arc<Covariance>>,
    ) -> Self {
        let search = |feature_weights| Search {
            feature_weights,
            spread: equal_spread(images.objective.classes()),
            chosen: None,
            misses: 0,
        };
        let mut choice = Self {
            grid,
            rung: 0,
            runs: Runs::new(Vec::new()),
            searching: (0..experts.len()).collect(),
            searches: experts.into_iter().map(search).collect(),
            class_weights: class_weights.to_vec(),
            covariance,
        };
        choice.runs = choice.runs_from(images, |_, _| None);
        choice
    }

    /// Goes a block of images on.
    pub fn advance(&mut self, images: &CrossValidation) {
        if self.runs.advance(&images.objective) && self.runs.done() {
            self.judge(images);
        }
    }

    /// Whether every expert has found its penalty.
    pub fn done(&self) -> bool {
        self.searching.is_empty()
    }

    /// The mean loss of the regressions under way.
    pub fn loss(&self) -> f64 {
        self.runs.loss()
    }

    /// What each expert has found.
    pub fn found(self) -> Vec<Chosen> {
        let searches = self.searches.into_iter();
        searches.filter_map(|search| search.chosen).collect()
    }

    /// Keeps what is better than all before, and goes on to the next penalty.
    fn judge(&mut self, images: &CrossValidation) {
        let truth = images.truth();
        let classes = images.objective.classes();
        let per_class = images.objective.truth().len() as f64 / classes as f64;
        let runs = self.runs.all();
        let ends: Vec<Vec<f64>> = runs.iter().map(|run| run.solver.best().to_vec()).collect();
        for (place, &expert) in self.searching.iter().enumerate() {
            let turns = place * images.turns..(place + 1) * images.turns;
            let found: Vec<_> = runs[turns.clone()].iter().map(Run::found).collect();
            let logits = images.left_out(&images.objective.logits(&found));
            let temperature = fit_temperature(&logits, &truth, classes);
            let rows = logits.chunks_exact(classes).zip(&truth);
            let entropies = rows.map(|(row, &class)| {
                self.class_weights[class] * cross_entropy(&softmax_at(row, temperature), class)
            });
            let cost = entropies.sum::<f64>() + prior_cost(self.grid[self.rung], per_class);
            let search = &mut self.searches[expert];
            let spreads = runs[turns.clone()].iter().map(|run| run.spread);
            search.spread = spreads.sum::<f64>() / images.turns as f64;
            let is_better = |chosen: &Chosen| cost < chosen.cost;
            if search.chosen.as_ref().is_none_or(is_better) {
                search.misses = 0;
                search.chosen = Some(Chosen {
                    l2: self.grid[self.rung],
                    cost,
                    logits,
                    spread: search.spread,
                    points: ends[turns].to_vec(),
                    feature_weights: search.feature_weights.clone(),
                });
            } else {
                search.misses += 1;
            }
        }
        self.rung += 1;
        let before = std::mem::take(&mut self.searching);
        let goes_on = |expert: &usize| self.searches[*expert].misses < PATIENCE;
        if self.rung < self.grid.len() {
            self.searching = before.iter().copied().filter(goes_on).collect();
        }
        self.runs = self.runs_from(images, |expert, turn| {
            let place = before.iter().position(|&other| other == expert)?;
            ends.get(place * images.turns + turn)
        });
    }

    fn runs_from<'a>(
        &self,
        images: &CrossValidation,
        from: impl Fn(usize, usize) -> Option<&'a Vec<f64>>,
    ) -> Runs {
        let mut runs = Vec::with_capacity(self.searching.len() * images.turns);
        for &expert in &self.searching {
            let search = &self.searches[expert];
            let regression = TurnRegression {
                feature_weights: &search.feature_weights,
                l2: self.grid[self.rung],
                spread: search.spread,
                covariance: self.covariance.as_deref(),
            };
            let learns = |turn: usize, image: usize| images.folds[image] != turn;
            let from = |turn| from(expert, turn).map(Vec::as_slice);
            runs.extend(images.runs(&regression, &self.class_weights, learns, from));
        }
        Runs::new(runs)
    }
}

/// What a penalty costs before any of so many images of a class was seen, in nats.
fn prior_cost(l2: f64, per_class: f64) -> f64 {
    let weight = (1.0 - per_class / PRIOR_UNTIL).max(0.0);
    0.5 * weight * ((l2 / FEW_IMAGES_L2).ln() / PRIOR_FACTOR.ln()).powi(2)
}
