//! A backbone, the user's images and a head: what the browser and the command line work with.

mod editing;
mod exporting;
mod judging;
mod prediction;
mod staging;

use crate::backbone::Backbone;
use crate::dataset::{Dataset, folds, hold_out, shuffled_places};
use crate::device::Backend;
use crate::evaluation::{FOLDS, HeldOut, Provenance};
use crate::explain::Neighbours;
use crate::head::{EpochReport, Fit, Fitted, LabelledEmbeddings, TrainOptions, TrainingData};
use crate::image::{PREPROCESSING_VERSION, Views};
use crate::{Error, Result};

pub use prediction::{ClassProbability, NearestImage, PredictOptions, Prediction};
pub use staging::Crops;
use staging::Stage;

/// A classifier in the making.
///
/// Images go in as pixels ([`stage`](Self::stage), [`embed_staged`](Self::embed_staged)), come out as
/// embeddings, and are kept with a label in [`dataset`](Self::dataset). Training and evaluating touch
/// embeddings only, so each image passes the backbone once.
pub struct Classifier {
    backbone: Backbone,
    /// The labelled images.
    pub dataset: Dataset,
    stage: Stage,
    fit: Option<(Fit, Provenance)>,
    trained: Option<Trained>,
}

/// A head in place.
struct Trained {
    fitted: Fitted,
    provenance: Provenance,
    neighbours: Neighbours,
}

impl Classifier {
    /// A classifier without images. `views` is what is embedded of each image.
    pub fn new(backbone: Backbone, views: Views) -> Self {
        Self {
            backbone,
            dataset: Dataset::default(),
            stage: Stage::new(views),
            fit: None,
            trained: None,
        }
    }

    /// What computes.
    pub fn backend(&self) -> &Backend {
        self.backbone.backend()
    }

    /// Names everything that an embedding depends on besides the image: the weights, the views, what
    /// computes, and how pixels are prepared. An embedding kept under this key and the image's content
    /// hash is the one that would be computed.
    ///
    /// ```text
    /// 3f1c…(SHA-256 of the weights file)/centre/cpu/1
    /// ```
    pub fn embedding_key(&self) -> String {
        let (weights, views) = (self.backbone.hash(), self.stage.views());
        let kind = self.backend().kind;
        format!("{weights}/{views}/{kind}/{PREPROCESSING_VERSION}")
    }

    /// How many images to stage before they are embedded.
    pub fn batch_size(&self) -> usize {
        let inputs = self.backend().kind.batch_size();
        (inputs / self.stage.views().count()).max(1)
    }

    /// Starts training a new head; the present one stays until the new one is finished.
    ///
    /// # Errors
    /// `TRAINING_IN_PROGRESS`, `INVALID_ARGUMENT`, `NO_IMAGES`, `TOO_FEW_CLASSES`, `TOO_FEW_IMAGES`.
    pub fn start_training(&mut self, options: &TrainOptions) -> Result<()> {
        self.require_idle()?;
        let recipe = options.recipe()?;
        let groups = self.dataset.near_duplicates();
        let split = self.dataset.partition(&groups, recipe.seed)?;
        let dataset = &self.dataset;
        let (train, validation) = if recipe.validation > 0.0 {
            hold_out(
                dataset,
                &groups,
                &split.train,
                recipe.validation,
                recipe.seed,
            )
        } else {
            (split.train, Vec::new())
        };
        let provenance = Provenance {
            folds: folds(dataset, &groups, &train, FOLDS, recipe.seed),
            places: shuffled_places(dataset, &train, recipe.seed),
            held_out: if split.test_given {
                HeldOut::TestFolder
            } else {
                HeldOut::Split
            },
            train,
            validation,
            test: split.test,
            set_aside: split.set_aside,
            groups,
            class_weights: recipe.class_weights,
        };
        let data = TrainingData {
            train: self.labelled(&provenance.train),
            folds: provenance.folds.clone(),
            validation: self.labelled(&provenance.validation),
        };
        let labels = dataset.labels().to_vec();
        let fit = Fit::start(recipe, labels, &data);
        self.fit = Some((fit, provenance));
        Ok(())
    }

    /// Trains one epoch. `None` means that training is finished and the new head is in place.
    ///
    /// # Errors
    /// `NOT_TRAINED` when no training was started.
    pub fn train_epoch(&mut self) -> Result<Option<EpochReport>> {
        let Some((mut fit, provenance)) = self.fit.take() else {
            return Err(Error::NotTrained);
        };
        let report = fit.epoch();
        if report.is_some() {
            self.fit = Some((fit, provenance));
            return Ok(report);
        }
        self.put_in_place(fit.finish(), provenance);
        Ok(None)
    }

    fn put_in_place(&mut self, fitted: Fitted, provenance: Provenance) {
        let train = &provenance.train;
        let groups: Vec<usize> = train.iter().map(|&i| provenance.groups[i]).collect();
        let neighbours = Neighbours::new(&self.labelled(train).embeddings, &groups);
        self.trained = Some(Trained {
            fitted,
            provenance,
            neighbours,
        });
    }

    /// Drops the training under way, if any; the present head stays.
    pub fn cancel_training(&mut self) {
        self.fit = None;
    }

    /// Says whether there is a head.
    ///
    /// # Errors
    /// `NOT_TRAINED`.
    pub fn require_head(&self) -> Result<()> {
        self.trained().map(|_| ())
    }

    fn require_idle(&self) -> Result<()> {
        match self.fit {
            Some(_) => Err(Error::TrainingInProgress),
            None => Ok(()),
        }
    }

    fn trained(&self) -> Result<&Trained> {
        self.trained.as_ref().ok_or(Error::NotTrained)
    }

    fn labelled(&self, indices: &[usize]) -> LabelledEmbeddings {
        let samples = indices.iter().map(|&index| &self.dataset.samples()[index]);
        LabelledEmbeddings {
            embeddings: samples
                .clone()
                .flat_map(|sample| sample.embedding.iter().copied())
                .collect(),
            classes: samples.map(|sample| sample.class).collect(),
        }
    }
}
