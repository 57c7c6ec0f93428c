//! Training a head, a short step at a time, so that a caller can show progress and stop at any point.

use super::finetuning::{Plan, Probe, Tuned, Tuning};
use super::{Classifier, Trained};
use crate::backbone::FeatureSet;
use crate::dataset::{Partition, Turns, hold_out};
use crate::evaluation::{HeldOut, LearningCurve, Provenance, Refusals};
use crate::explain::{Neighbours, Parts};
use crate::head::{
    EpochReport, Fit, Fitted, Method, Phase, Recipe, TrainOptions, TrainingData, argmax, softmax,
};
use crate::{Error, Result};

/// Test images that are compared with the training images in one step.
const COMPARED_AT_ONCE: usize = 200;

/// A training under way. Dropping it cancels it.
pub(super) enum Training {
    /// The head, and what is to be done after it.
    Fitting(Box<Fit>, Provenance, Option<Plan>),
    /// The head is there; test images are compared with what it learned from.
    Comparing {
        trained: Box<Trained>,
        refused: Vec<bool>,
        steps: usize,
        then: Option<Plan>,
    },
    /// The heads that a tail has to beat, and begins with.
    Probing(Box<Probe>, Plan),
    /// The tuner is at work.
    Tuning(Box<Tuning>),
    /// There is nothing left to do.
    Finished,
}

impl Training {
    /// With a head that is compared with what it learned from.
    pub fn comparing(trained: Trained) -> Self {
        Self::Comparing {
            trained: Box::new(trained),
            refused: Vec::new(),
            steps: 0,
            then: None,
        }
    }

    /// The plan of a fine-tuning.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Fitting(_, _, plan) | Self::Comparing { then: plan, .. } => plan.as_ref(),
            Self::Probing(_, plan) => Some(plan),
            Self::Tuning(tuning) => Some(tuning.plan()),
            Self::Finished => None,
        }
    }
}

impl Classifier {
    /// Starts training a new head; the present one stays until the new one is finished.
    ///
    /// # Errors
    /// `TRAINING_IN_PROGRESS`, `INVALID_ARGUMENT`, `NO_IMAGES`, `TOO_FEW_CLASSES`, `TOO_FEW_IMAGES`, `IMAGES_OUTDATED`.
    pub fn start_training(&mut self, options: &TrainOptions) -> Result<()> {
        self.require_idle()?;
        let recipe = options.recipe()?;
        let outdated = self.dataset.outdated();
        if outdated > 0 {
            return Err(Error::ImagesOutdated { count: outdated });
        }
        let near = self.dataset.near_duplicates();
        let units = self.dataset.units(&near);
        let split = self.dataset.partition(&units, recipe.seed)?;
        let is_finetuned = recipe.method == Method::Finetune;
        let plan = match is_finetuned {
            true => {
                let provenance = self.provenance(&recipe, &split, &units, &near);
                self.check_finetuning(&provenance)?;
                let recipe = recipe.clone();
                Some(Plan { recipe, provenance })
            }
            false => None,
        };
        let recipe = match is_finetuned {
            true => recipe.before_finetuning(),
            false => recipe,
        };
        let provenance = self.provenance(&recipe, &split, &units, &near);
        let data = self.training_data(&provenance);
        let labels = self.dataset.labels().to_vec();
        let fit = Box::new(Fit::start(recipe, labels, data));
        self.training = Some(Training::Fitting(fit, provenance, plan));
        Ok(())
    }

    /// What a head of this recipe rests on.
    fn provenance(
        &self,
        recipe: &Recipe,
        split: &Partition,
        units: &[usize],
        near: &[usize],
    ) -> Provenance {
        let dataset = &self.dataset;
        let share = recipe.validation;
        let (train, validation) = if share > 0.0 {
            hold_out(dataset, units, &split.train, share, recipe.seed)
        } else {
            (split.train.clone(), Vec::new())
        };
        let turns = Turns::new(dataset, units, &train, recipe.seed);
        Provenance {
            folds: turns.folds,
            turns: turns.count,
            places: turns.order,
            held_out: if split.test_given {
                HeldOut::TestFolder
            } else {
                HeldOut::Split
            },
            train,
            validation,
            test: split.test.clone(),
            set_aside: split.set_aside.clone(),
            groups: near.to_vec(),
            class_weights: recipe.class_weights,
        }
    }

    /// The images as the network gives them as it came.
    pub(super) fn training_data(&self, provenance: &Provenance) -> TrainingData {
        TrainingData {
            train: self.labelled(&provenance.train, false),
            parts: self.layout.parts(),
            folds: provenance.folds.clone(),
            order: provenance.places.clone(),
            turns: provenance.turns,
            validation: self.labelled(&provenance.validation, false),
        }
    }

    /// Trains a step. `None` means that training is finished and the new head is in place.
    ///
    /// # Errors
    /// `NOT_TRAINED` when no training was started.
    pub fn train_epoch(&mut self) -> Result<Option<EpochReport>> {
        match self.training.take() {
            None => Err(Error::NotTrained),
            Some(Training::Fitting(mut fit, provenance, plan)) => {
                let report = fit.epoch();
                self.training = Some(match report {
                    Some(_) => Training::Fitting(fit, provenance, plan),
                    None => Training::Comparing {
                        trained: Box::new(self.trained_from(fit.finish(), provenance, None)),
                        refused: Vec::new(),
                        steps: 0,
                        then: plan,
                    },
                });
                match report {
                    None => self.train_epoch(),
                    report => Ok(report),
                }
            }
            Some(Training::Comparing {
                mut trained,
                mut refused,
                steps,
                then,
            }) => {
                let Some(threshold) = trained.neighbours.threshold() else {
                    return self.put_in_place(*trained, then);
                };
                let test = &trained.provenance.test;
                let next = test.iter().skip(refused.len()).take(COMPARED_AT_ONCE);
                refused.extend(next.map(|&index| self.is_unknown(&trained, index)));
                if refused.len() == test.len() {
                    trained.refusals = Some(Refusals { threshold, refused });
                    return self.put_in_place(*trained, then);
                }
                self.training = Some(Training::Comparing {
                    trained,
                    refused,
                    steps: steps + 1,
                    then,
                });
                Ok(Some(EpochReport::new(Phase::Comparing, steps + 1, 0.0)))
            }
            Some(Training::Probing(probe, plan)) => {
                let (training, report) = self.go_on_probing(*probe, plan);
                self.training = Some(training);
                Ok(Some(report))
            }
            Some(tuning @ Training::Tuning(_)) => {
                self.training = Some(tuning);
                Err(Error::TrainingInProgress)
            }
            Some(Training::Finished) => Ok(None),
        }
    }

    /// Puts a head in place, and goes on with what is to be done after it.
    fn put_in_place(
        &mut self,
        trained: Trained,
        then: Option<Plan>,
    ) -> Result<Option<EpochReport>> {
        if !trained.is_tuned() {
            self.dataset.set_tuned([]);
        }
        self.trained = Some(trained);
        let Some(plan) = then else {
            return Ok(None);
        };
        self.training = Some(self.probe(plan));
        self.train_epoch()
    }

    /// Drops the training under way, if any; the present head stays.
    pub fn cancel_training(&mut self) {
        self.training = None;
        if !self.trained.as_ref().is_some_and(Trained::is_tuned) {
            self.dataset.set_tuned([]);
        }
    }

    /// A head with what it is compared with; which test images it refuses is not yet known.
    pub(super) fn trained_from(
        &self,
        fitted: Fitted,
        provenance: Provenance,
        tuned: Option<Tuned>,
    ) -> Trained {
        let samples = self.dataset.samples();
        let train = || provenance.train.iter().map(|&index| &samples[index]);
        // Of images that an earlier version has embedded, only the last stage's features are there.
        let layout = match train().any(|sample| sample.outdated) {
            true => self.layout.select(FeatureSet::Last),
            false => self.layout_of_head(tuned.is_some()),
        };
        let units = self.dataset.units(&provenance.groups);
        let units: Vec<usize> = provenance.train.iter().map(|&i| units[i]).collect();
        let embeddings = train().map(|sample| sample.embedding_by(tuned.is_some()));
        Trained {
            neighbours: Neighbours::new(embeddings, &units, Parts::of(&layout)),
            learning_curve: self.learning_curve(&fitted, &provenance),
            refusals: None,
            verdict: None,
            fitted,
            provenance,
            tuned,
        }
    }

    pub(super) fn is_unknown(&self, trained: &Trained, index: usize) -> bool {
        let neighbours = &trained.neighbours;
        let sample = &self.dataset.samples()[index];
        let similarity = neighbours.similarity(sample.embedding_by(trained.is_tuned()));
        similarity.is_some_and(|similarity| neighbours.is_unknown(similarity))
    }

    /// Which test images would be refused, all at once: for a file from before they were kept.
    pub(super) fn refusals_of(&self, trained: &Trained) -> Option<Refusals> {
        let threshold = trained.neighbours.threshold()?;
        let test = trained.provenance.test.iter();
        let refused = test.map(|&index| self.is_unknown(trained, index));
        Some(Refusals {
            threshold,
            refused: refused.collect(),
        })
    }

    /// Accuracy on the training images at growing shares of them; `None` where the fit did not measure it.
    fn learning_curve(&self, fitted: &Fitted, provenance: &Provenance) -> Option<LearningCurve> {
        let left_out = fitted.left_out.as_ref()?;
        if fitted.learning_curve.is_empty() {
            return None;
        }
        let classes = fitted.head.labels().len();
        let class = |&place: &usize| self.dataset.samples()[provenance.train[place]].class;
        let right = |logits: &[f32]| -> Vec<bool> {
            let rows = logits.chunks_exact(classes).zip(&left_out.images);
            rows.map(|(row, place)| argmax(&softmax(row)) == class(place))
                .collect()
        };
        let steps = fitted.learning_curve.iter();
        let mut steps: Vec<_> = steps
            .map(|step| (step.share, step.images, right(&step.logits)))
            .collect();
        let folds = provenance.folds.iter().flatten();
        let learned = folds.count() as f64 - left_out.images.len() as f64 / provenance.turns as f64;
        steps.push((1.0, learned.round() as usize, right(&left_out.logits)));
        Some(LearningCurve::new(&steps))
    }
}
