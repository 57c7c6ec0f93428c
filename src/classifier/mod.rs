//! A backbone, the user's images and a head: what the browser and the command line work with.

use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use crate::backbone::weights::QuantizedWeights;
use crate::backbone::{EMBEDDING_LEN, ResNet18};
use crate::dataset::{Dataset, folds, hold_out, partition};
use crate::device::Backend;
use crate::evaluation::{HeldOut, Judged, Report, argmax};
use crate::head::{EpochReport, Fit, Head, LabelledEmbeddings, TrainOptions, TrainingData, read};
use crate::image::{INPUT_LEN, INPUT_SIDE, Pixels, check_size, normalize_into, resize_and_crop};
use crate::{Error, Result};

/// Folds of the cross-validation that chooses the L2 penalty.
const FOLDS: usize = 5;

/// A classifier in the making.
///
/// Images go in as pixels ([`stage`](Self::stage), [`embed_staged`](Self::embed_staged)), come out as
/// embeddings, and are kept with a label in [`dataset`](Self::dataset). Training and evaluating touch
/// embeddings only, so each image passes the backbone once.
pub struct Classifier {
    backend: Backend,
    backbone: ResNet18,
    /// The labelled images.
    pub dataset: Dataset,
    staged: Vec<f32>,
    fit: Option<(Fit, Provenance)>,
    trained: Option<(Head, Provenance)>,
}

/// Which images a head learned from and which it is to be judged on.
#[derive(Debug, Clone)]
struct Provenance {
    trained_on: usize,
    test: Vec<usize>,
    held_out: HeldOut,
}

/// One class and its probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassProbability {
    /// The class.
    pub label: String,
    /// In [0, 1]; all classes together make 1.
    pub probability: f64,
}

/// What the head says about an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The likeliest class.
    pub label: String,
    /// Its probability.
    pub probability: f64,
    /// The likeliest classes, best first.
    pub classes: Vec<ClassProbability>,
}

impl Classifier {
    /// Loads a quantized weights file onto a backend.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT`, `WEIGHTS_UNSUPPORTED`.
    pub fn new(weights: &[u8], backend: Backend) -> Result<Self> {
        let backbone = ResNet18::load(&QuantizedWeights::parse(weights)?, &backend.device)?;
        Ok(Self {
            backend,
            backbone,
            dataset: Dataset::default(),
            staged: Vec::new(),
            fit: None,
            trained: None,
        })
    }

    /// What computes.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Prepares an image for the next [`embed_staged`](Self::embed_staged).
    ///
    /// # Errors
    /// `IMAGE_TOO_SMALL`, `IMAGE_TOO_LARGE`, or `INVALID_ARGUMENT` for pixels that do not fit the size.
    pub fn stage(&mut self, name: &str, rgba: &[u8], width: usize, height: usize) -> Result<()> {
        check_size(name, width, height)?;
        let crop = resize_and_crop(&Pixels::rgba(rgba, width, height)?)?;
        normalize_into(&crop, &mut self.staged);
        Ok(())
    }

    /// Forgets what was staged.
    pub fn discard_staged(&mut self) {
        self.staged.clear();
    }

    /// Embeddings `[staged, 512]` of what was staged, in order; the stage is empty afterwards.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn embed_staged(&mut self) -> Result<Vec<f32>> {
        if self.staged.is_empty() {
            return Ok(Vec::new());
        }
        let count = self.staged.len() / INPUT_LEN;
        let input = TensorData::new(
            std::mem::take(&mut self.staged),
            [count, 3, INPUT_SIDE, INPUT_SIDE],
        );
        let input = Tensor::from_data(input, &self.backend.device);
        read(self.backbone.features(input)).await
    }

    /// Starts training a new head; the present one stays until the new one is finished.
    ///
    /// # Errors
    /// `TRAINING_IN_PROGRESS`, `INVALID_ARGUMENT`, `NO_IMAGES`, `TOO_FEW_CLASSES`, `TOO_FEW_IMAGES`.
    pub fn start_training(&mut self, options: &TrainOptions) -> Result<()> {
        if self.fit.is_some() {
            return Err(Error::TrainingInProgress);
        }
        let recipe = options.recipe()?;
        let split = partition(&self.dataset, recipe.seed)?;
        let (train, validation) = if recipe.validation > 0.0 {
            hold_out(&self.dataset, &split.train, recipe.validation, recipe.seed)
        } else {
            (split.train, Vec::new())
        };
        let provenance = Provenance {
            trained_on: train.len(),
            held_out: if split.test_given {
                HeldOut::TestFolder
            } else {
                HeldOut::Split
            },
            test: split.test,
        };
        let data = TrainingData {
            train: self.labelled(&train),
            folds: folds(&self.dataset, &train, FOLDS, recipe.seed),
            validation: self.labelled(&validation),
        };
        let labels = self.dataset.labels().to_vec();
        let fit = Fit::start(recipe, labels, &data, &self.backend.device);
        self.fit = Some((fit, provenance));
        Ok(())
    }

    /// Trains one epoch. `None` means that training is finished and the new head is in place.
    ///
    /// # Errors
    /// `NOT_TRAINED` when no training was started; `DEVICE_LOST`, which ends it.
    pub async fn train_epoch(&mut self) -> Result<Option<EpochReport>> {
        let Some((mut fit, provenance)) = self.fit.take() else {
            return Err(Error::NotTrained);
        };
        let report = fit.epoch().await?;
        if report.is_some() {
            self.fit = Some((fit, provenance));
        } else {
            self.trained = Some((fit.into_head(), provenance));
        }
        Ok(report)
    }

    /// Drops the training under way, if any; the present head stays.
    pub fn cancel_training(&mut self) {
        self.fit = None;
    }

    /// Judges the head on images it did not learn from.
    ///
    /// # Errors
    /// `NOT_TRAINED`, `NO_TEST_IMAGES`, `DEVICE_LOST`.
    pub async fn evaluate(&self) -> Result<Report> {
        let (head, provenance) = self.trained.as_ref().ok_or(Error::NotTrained)?;
        let test = &provenance.test;
        if test.is_empty() {
            return Err(Error::NoTestImages);
        }
        let judged = self.labelled(test);
        let probabilities = head
            .probabilities(&judged.embeddings, &self.backend.device)
            .await?;
        let judged = test
            .iter()
            .zip(judged.classes)
            .zip(probabilities)
            .map(|((&id, class), probabilities)| Judged {
                id,
                name: self.dataset.samples()[id].name.clone(),
                class,
                probabilities,
            })
            .collect();
        Ok(Report::new(
            head.labels(),
            judged,
            provenance.trained_on,
            provenance.held_out,
        ))
    }

    /// Predicts from embeddings `[N, 512]`; names the `top` likeliest classes of each, or all.
    ///
    /// # Errors
    /// `NOT_TRAINED`, `INVALID_ARGUMENT` for a length that is not a multiple of 512 or a `top` of 0,
    /// `DEVICE_LOST`.
    pub async fn predict(&self, embeddings: &[f32], top: Option<usize>) -> Result<Vec<Prediction>> {
        let (head, _) = self.trained.as_ref().ok_or(Error::NotTrained)?;
        if !embeddings.len().is_multiple_of(EMBEDDING_LEN) {
            return Err(Error::invalid(
                "embeddings",
                format!(
                    "{} numbers do not make rows of {EMBEDDING_LEN}",
                    embeddings.len()
                ),
            ));
        }
        if top == Some(0) {
            return Err(Error::invalid("top", "it must be at least 1"));
        }
        let rows = head.probabilities(embeddings, &self.backend.device).await?;
        Ok(rows
            .iter()
            .map(|row| Prediction::new(head.labels(), row, top))
            .collect())
    }

    fn labelled(&self, ids: &[usize]) -> LabelledEmbeddings {
        let samples = ids.iter().map(|&id| &self.dataset.samples()[id]);
        LabelledEmbeddings {
            embeddings: samples
                .clone()
                .flat_map(|sample| sample.embedding.iter().copied())
                .collect(),
            classes: samples.map(|sample| sample.class).collect(),
        }
    }
}

impl Prediction {
    fn new(labels: &[String], probabilities: &[f64], top: Option<usize>) -> Self {
        let mut classes: Vec<ClassProbability> = labels
            .iter()
            .zip(probabilities)
            .map(|(label, &probability)| ClassProbability {
                label: label.clone(),
                probability,
            })
            .collect();
        // Stable, so that equals keep the classes' order.
        classes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        classes.truncate(top.unwrap_or(usize::MAX));
        let best = argmax(probabilities);
        Self {
            label: labels[best].clone(),
            probability: probabilities[best],
            classes,
        }
    }
}
