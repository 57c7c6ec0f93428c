//! Training the network's upper layers too, after the head: what goes to the tuner, and what comes back.

use std::sync::OnceLock;

use super::Classifier;
use super::training::Training;
use crate::backbone::{Backbone, TailWeights};
use crate::evaluation::Provenance;
use crate::finetune::{self, Image, Outcome, Role, Task};
use crate::head::{EpochReport, Fit, Fitted, Head, Method, Phase, Recipe, TrainingData};
use crate::image::{Pixels, append_training_crops, check_size, training_crops};
use crate::{Error, Result};

/// Training images that the smallest class must have, of which one or more are set aside.
const LEAST: usize = 5;

/// What is to be done after the head.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub recipe: Recipe,
    /// Of the head that the tail begins with: without the images that are set aside to decide by.
    pub provenance: Provenance,
}

/// Heads on the way that learn from the images that the tail is to learn from, and from no others.
pub(super) enum Probe {
    /// The one that the tuned network has to beat.
    Frozen(Fit),
    /// The one that the tail begins with, on the last stage's features alone: the others it would rely on rather than
    /// learn.
    OfTail(Fit, Box<Fitted>),
}

/// The tail is in the tuner's hands.
pub(super) struct Tuning {
    /// The head that it has to beat.
    frozen: Box<Fitted>,
    /// The head that it begins with.
    of_tail: Head,
    plan: Plan,
}

/// A tail that was tuned for a head. What it gives of images is with them in the dataset.
#[derive(Debug)]
pub(super) struct Tuned {
    pub weights: TailWeights,
    /// The network with it, where it runs here.
    backbone: OnceLock<Backbone>,
}

impl Tuning {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

impl Tuned {
    pub fn new(weights: TailWeights) -> Self {
        Self {
            weights,
            backbone: OnceLock::new(),
        }
    }
}

impl Plan {
    /// The images that take part, by their indices.
    fn images(&self) -> Vec<(usize, Role)> {
        let lists = [
            (&self.provenance.train, Role::Train),
            (&self.provenance.validation, Role::Validation),
            (&self.provenance.test, Role::Bystander),
        ];
        let mut images = Vec::new();
        for (indices, role) in lists {
            images.extend(indices.iter().map(|&index| (index, role)));
        }
        images
    }
}

impl Classifier {
    /// Says whether there is enough to set images aside and to learn from the rest.
    pub(super) fn check_finetuning(&self, provenance: &Provenance) -> Result<()> {
        let samples = self.dataset.samples();
        let labels = self.dataset.labels();
        let mut sizes = vec![0; labels.len()];
        let images = provenance.train.iter().chain(&provenance.validation);
        images.for_each(|&index| sizes[samples[index].class] += 1);
        let mut aside = vec![0; labels.len()];
        let images = provenance.validation.iter();
        images.for_each(|&index| aside[samples[index].class] += 1);
        let too_few = |&class: &usize| sizes[class] < LEAST || aside[class] == 0;
        match (0..labels.len()).find(too_few) {
            None => Ok(()),
            Some(class) => Err(Error::TooFewToFinetune {
                label: labels[class].clone(),
                count: sizes[class],
                needed: LEAST,
            }),
        }
    }

    /// Begins with the head that the tuned network has to beat.
    pub(super) fn probe(&self, plan: Plan) -> Training {
        let data = self.training_data(&plan.provenance);
        let fit = self.fit(&plan, data);
        Training::Probing(Box::new(Probe::Frozen(fit)), plan)
    }

    fn fit(&self, plan: &Plan, data: TrainingData) -> Fit {
        let labels = self.dataset.labels().to_vec();
        Fit::start(plan.recipe.before_finetuning(), labels, data)
    }

    /// A step further with the heads that tuning needs, to the point where the tuner takes over.
    pub(super) fn go_on_probing(&self, probe: Probe, plan: Plan) -> (Training, EpochReport) {
        let waiting = EpochReport {
            done: Some(0.0),
            ..EpochReport::new(Phase::Views, 0, 0.0)
        };
        match probe {
            Probe::Frozen(mut fit) => match fit.epoch() {
                Some(report) => (
                    Training::Probing(Box::new(Probe::Frozen(fit)), plan),
                    report,
                ),
                None => {
                    let fit_of_tail = self.fit(&plan, self.data_of_tail(&plan.provenance));
                    self.go_on_probing(Probe::OfTail(fit_of_tail, Box::new(fit.finish())), plan)
                }
            },
            Probe::OfTail(mut fit, frozen) => match fit.epoch() {
                Some(report) => {
                    let probe = Probe::OfTail(fit, frozen);
                    (Training::Probing(Box::new(probe), plan), report)
                }
                None => {
                    let of_tail = fit.finish().head;
                    let tuning = Tuning {
                        frozen,
                        of_tail,
                        plan,
                    };
                    (Training::Tuning(Box::new(tuning)), waiting)
                }
            },
        }
    }

    /// The training images by the tail's features alone.
    fn data_of_tail(&self, provenance: &Provenance) -> TrainingData {
        let mut data = self.training_data(provenance);
        let features = self.backbone.tail().features();
        let rows = data.train.embeddings.chunks_exact(self.layout.len());
        let rows = rows.flat_map(|row| &row[row.len() - features..]);
        data.train.embeddings = rows.copied().collect();
        data.parts = vec![features];
        data
    }

    /// Whether the training under way waits for the tuner, and for [`finish_tuning`](Self::finish_tuning) or
    /// [`abandon_tuning`](Self::abandon_tuning).
    pub fn awaits_views(&self) -> bool {
        matches!(self.training, Some(Training::Tuning(_)))
    }

    /// The ids of the images that take part in the fine-tuning under way, in the task's order; none where there is
    /// none.
    pub fn tuning_images(&self) -> Vec<usize> {
        let samples = self.dataset.samples();
        let images = self.planned_images();
        images.iter().map(|&(index, _)| samples[index].id).collect()
    }

    /// The crops `[views, 224, 224, 3]` of an image of the fine-tuning under way: those that it is embedded by, and
    /// of a training image those that are only learned from.
    ///
    /// # Errors
    /// `IMAGE_TOO_SMALL`, `IMAGE_TOO_LARGE`, or `INVALID_ARGUMENT` for another image or pixels that do not fit the size.
    pub fn tuning_views(
        &self,
        id: usize,
        name: &str,
        rgba: &[u8],
        [width, height]: [usize; 2],
    ) -> Result<Vec<u8>> {
        let samples = self.dataset.samples();
        let images = self.planned_images();
        let Some(&(_, role)) = images.iter().find(|(index, _)| samples[*index].id == id) else {
            return Err(Error::invalid("id", format!("no image {id} is tuned on")));
        };
        check_size(name, width, height)?;
        let pixels = Pixels::rgba(rgba, width, height)?;
        let views = self.stage.views();
        let mut crops = Vec::new();
        views.append(&pixels, &mut crops)?;
        if role == Role::Train {
            append_training_crops(views, &pixels, id as u64, &mut crops)?;
        }
        Ok(crops)
    }

    /// What the tuner is to do.
    ///
    /// # Errors
    /// `NOT_TRAINED` where nothing awaits a tuner.
    pub fn tuning_task(&self) -> Result<Task> {
        let Some(Training::Tuning(tuning)) = &self.training else {
            return Err(Error::NotTrained);
        };
        let Tuning {
            frozen,
            of_tail,
            plan,
        } = &**tuning;
        let embedded = self.stage.views().count();
        let image = |(index, role): (usize, Role)| Image {
            class: self.dataset.samples()[index].class,
            role,
            embedded,
            views: match role {
                Role::Train => embedded + training_crops(self.stage.views()),
                _ => embedded,
            },
        };
        let validation = self.labelled(&plan.provenance.validation, false);
        Ok(Task {
            network: self.backbone.network().clone(),
            tail: self.backbone.tail().clone(),
            head: of_tail.clone(),
            frozen: frozen.head.calibrated_logits(&validation.embeddings),
            images: plan.images().into_iter().map(image).collect(),
            recipe: finetune::Recipe {
                epochs: plan.recipe.epochs,
                batch_size: plan.recipe.batch_size,
                learning_rate: plan.recipe.learning_rate,
                balanced: frozen.summary.balanced,
                seed: plan.recipe.seed,
                ..finetune::Recipe::default()
            },
        })
    }

    /// Takes over what the tuner made, where its verdict says so; the head there is stays otherwise. Training goes on
    /// with [`train_epoch`](Self::train_epoch).
    ///
    /// # Errors
    /// `NOT_TRAINED` where nothing awaits a tuner.
    pub fn finish_tuning(&mut self, outcome: Outcome) -> Result<()> {
        let Some(Training::Tuning(tuning)) = self.training.take() else {
            return Err(Error::NotTrained);
        };
        let Some(trained) = &mut self.trained else {
            return Err(Error::NotTrained);
        };
        let Outcome {
            verdict,
            tail,
            head,
            features,
        } = outcome;
        if !verdict.kept {
            trained.verdict = Some(verdict);
            self.training = Some(Training::Finished);
            return Ok(());
        }
        let before = trained.fitted.clone();
        let share = (1.0 - finetune::SHARE) / before.head.temperature();
        let mut summary = before.summary;
        summary.method = Method::Finetune;
        let fitted = Fitted {
            head: before.head.scaled(share).followed_by(&head),
            summary,
            calibrated_on: verdict.images,
            ..before
        };
        let provenance = trained.provenance.clone();
        let rows = features.chunks_exact(head.features().max(1));
        let rows = tuning.plan.images().into_iter().zip(rows);
        let rows = rows.map(|((index, _), row)| (index, row));
        self.dataset.set_tuned(rows);
        let mut trained = self.trained_from(fitted, provenance, Some(Tuned::new(tail)));
        trained.verdict = Some(verdict);
        self.training = Some(Training::comparing(trained));
        Ok(())
    }

    /// Goes on without the tuner: the head there is stays.
    pub fn abandon_tuning(&mut self) {
        if self.awaits_views() {
            self.training = Some(Training::Finished);
        }
    }

    /// The tuned tail that the head in place goes with; `None` where the network is as it came.
    pub fn tail(&self) -> Option<&TailWeights> {
        let tuned = self.trained.as_ref()?.tuned.as_ref()?;
        Some(&tuned.weights)
    }

    /// The network that the head in place goes with.
    pub(super) fn backbone_of_head(&self) -> Result<Backbone> {
        let Some(tuned) = self
            .trained
            .as_ref()
            .and_then(|trained| trained.tuned.as_ref())
        else {
            return Ok(self.backbone.clone());
        };
        if let Some(backbone) = tuned.backbone.get() {
            return Ok(backbone.clone());
        }
        let backbone = self.backbone.with_tail(&tuned.weights)?;
        Ok(tuned.backbone.get_or_init(|| backbone).clone())
    }

    fn planned_images(&self) -> Vec<(usize, Role)> {
        let plan = self.training.as_ref().and_then(Training::plan);
        plan.map_or_else(Vec::new, Plan::images)
    }
}
