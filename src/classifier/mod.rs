//! A backbone, the user's images and a head: what the browser and the command line work with.

mod editing;
mod exporting;
mod finetuning;
mod judging;
mod prediction;
mod record;
mod staging;
mod training;

use crate::backbone::network::Description;
use crate::backbone::{Backbone, FeatureSet, Layout};
use crate::dataset::Dataset;
use crate::device::Backend;
use crate::evaluation::{LearningCurve, Provenance, Refusals};
use crate::explain::Neighbours;
use crate::finetune::Verdict;
use crate::head::{Fitted, LabelledEmbeddings};
use crate::image::{PREPROCESSING_VERSION, Views};
use crate::{Error, Result};

use finetuning::Tuned;
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
    /// The tail that was tuned with it; `None`: it goes with the network as it came.
    tuned: Option<Tuned>,
    /// What fine-tuning came to.
    verdict: Option<Verdict>,
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

    /// Which network it is.
    pub fn network(&self) -> &Description {
        self.backbone.network()
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

    /// What embeddings are made of, with a tuned tail or without.
    fn layout_of_head(&self, tuned: bool) -> Layout {
        match tuned {
            true => {
                let all = self.whole_layout(true);
                all.without_first(
                    self.backbone.layout().stages().len() - self.layout.stages().len(),
                )
            }
            false => self.layout.clone(),
        }
    }

    /// What the network gives, with a tuned tail or without.
    fn whole_layout(&self, tuned: bool) -> Layout {
        let network = self.backbone.network();
        match tuned {
            true => network.layout_with_tail(network.cut),
            false => self.backbone.layout().clone(),
        }
    }

    /// Images as the network gives them as it came, or with a tuned tail.
    fn labelled(&self, indices: &[usize], tuned: bool) -> LabelledEmbeddings {
        let samples = indices.iter().map(|&index| &self.dataset.samples()[index]);
        let mut embeddings = Vec::with_capacity(indices.len() * self.layout.len());
        let of_samples = samples.clone();
        of_samples.for_each(|sample| embeddings.extend_from_slice(sample.embedding_by(tuned)));
        LabelledEmbeddings {
            embeddings,
            classes: samples.map(|sample| sample.class).collect(),
        }
    }
}

impl Trained {
    /// Whether it goes with a tuned tail.
    fn is_tuned(&self) -> bool {
        self.tuned.is_some()
    }
}
