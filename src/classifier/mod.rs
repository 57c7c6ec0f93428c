//! A backbone, the user's images and a head: what the browser and the command line work with.

mod editing;
mod exporting;
mod judging;
mod prediction;
mod record;
mod staging;
mod training;

use crate::backbone::{Backbone, FeatureSet, Layout};
use crate::dataset::Dataset;
use crate::device::Backend;
use crate::evaluation::{LearningCurve, Provenance, Refusals};
use crate::explain::Neighbours;
use crate::head::{Fitted, LabelledEmbeddings};
use crate::image::{PREPROCESSING_VERSION, Views};
use crate::{Error, Result};

pub use prediction::{ClassProbability, NearestImage, PredictOptions, Prediction};
pub use record::Record;
pub use staging::Crops;
use staging::Stage;
use training::Training;

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
    /// What its embeddings are made of.
    layout: Layout,
    training: Option<Training>,
    trained: Option<Trained>,
}

/// A head in place.
struct Trained {
    fitted: Fitted,
    provenance: Provenance,
    neighbours: Neighbours,
    /// Which test images are none of the classes, where a threshold could be set.
    refusals: Option<Refusals>,
    learning_curve: Option<LearningCurve>,
}

impl Classifier {
    /// A classifier without images. `views` is what is embedded of each image.
    pub fn new(backbone: Backbone, views: Views) -> Self {
        Self::with_features(backbone, views, FeatureSet::All)
    }

    /// The same with fewer of the network's features: those of the last stage make smaller embeddings, of 512 numbers,
    /// and are enough where images are photos of everyday things.
    pub fn with_features(backbone: Backbone, views: Views, features: FeatureSet) -> Self {
        let layout = backbone.layout().select(features);
        Self {
            backbone,
            dataset: Dataset::new(layout.len()),
            stage: Stage::new(views, features),
            layout,
            training: None,
            trained: None,
        }
    }

    /// What its embeddings are made of.
    pub fn layout(&self) -> &Layout {
        &self.layout
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
    /// 3f1c…(SHA-256 of the weights file)/centre/all/cpu/1
    /// ```
    pub fn embedding_key(&self) -> String {
        let weights = self.backbone.hash();
        let (views, features) = (self.stage.views(), self.stage.features());
        let kind = self.backend().kind;
        format!("{weights}/{views}/{features}/{kind}/{PREPROCESSING_VERSION}")
    }

    /// How many images to stage before they are embedded.
    pub fn batch_size(&self) -> usize {
        let inputs = self.backend().kind.batch_size();
        (inputs / self.stage.views().count()).max(1)
    }

    /// Says whether there is a head.
    ///
    /// # Errors
    /// `NOT_TRAINED`.
    pub fn require_head(&self) -> Result<()> {
        self.trained().map(|_| ())
    }

    fn require_idle(&self) -> Result<()> {
        match self.training {
            Some(_) => Err(Error::TrainingInProgress),
            None => Ok(()),
        }
    }

    fn trained(&self) -> Result<&Trained> {
        self.trained.as_ref().ok_or(Error::NotTrained)
    }

    fn labelled(&self, indices: &[usize]) -> LabelledEmbeddings {
        let samples = indices.iter().map(|&index| &self.dataset.samples()[index]);
        let mut embeddings = Vec::with_capacity(indices.len() * self.layout.len());
        samples
            .clone()
            .for_each(|sample| embeddings.extend_from_slice(&sample.embedding));
        LabelledEmbeddings {
            embeddings,
            classes: samples.map(|sample| sample.class).collect(),
        }
    }
}
