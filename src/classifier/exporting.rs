//! Files that a classifier leaves behind, and comes back from.

use super::finetuning::Tuned;
use super::{Classifier, Trained};
use crate::backbone::Backbone;
use crate::evaluation::Report;
use crate::export::{self, HeadFile, Measured, ProjectFile, Restored, RestoredHead, StoredHead};
use crate::head::LeftOut;
use crate::{Error, Result};

impl Classifier {
    /// The head as a safetensors file: `fc.weight` F32 `[classes, features]` and `fc.bias` F32 `[classes]`, as
    /// torch's `nn.Linear` has them, with the labels and the temperature in the metadata
    /// (`docs/project-format.md`); where it goes with a tuned tail, that as well.
    ///
    /// # Errors
    /// `NOT_TRAINED`.
    pub fn export_head(&self) -> Result<Vec<u8>> {
        let head = StoredHead::of(&self.trained()?.fitted);
        let file = HeadFile {
            weights_sha256: self.backbone.hash(),
            views: self.stage.views(),
            features: self.stage.features(),
            head,
            tail: self.tail(),
        };
        file.write().map_err(Error::project)
    }

    /// Everything but the images themselves as a safetensors file, from which [`restore`](Self::restore)
    /// makes a classifier that behaves the same: embeddings, classes, names, sides of the split, the head and
    /// what it rests on. The report goes with it, where there is one.
    ///
    /// # Errors
    /// `PROJECT_CORRUPT` when it cannot be written.
    pub fn export_project(&self) -> Result<Vec<u8>> {
        let head = self.trained.as_ref().map(|trained| export::Trained {
            head: StoredHead::of(&trained.fitted),
            provenance: &trained.provenance,
            measured: Measured {
                refusals: trained.refusals.clone(),
                learning_curve: trained.learning_curve.clone(),
                finetune: trained.verdict.clone(),
            },
            left_out: trained.left_out_logits(),
            tail: trained.tuned.as_ref().map(|tuned| &tuned.weights),
        });
        let file = ProjectFile {
            weights_sha256: self.backbone.hash(),
            views: self.stage.views(),
            features: self.stage.features(),
            embedding_len: self.layout.len(),
            backend: self.backend().kind,
            dataset: &self.dataset,
            head,
            report: self.report_if_any()?,
        };
        file.write().map_err(Error::project)
    }

    /// A classifier from a file that [`export_project`](Self::export_project) or
    /// [`export_head`](Self::export_head) made with the same weights. With a head alone there are no images:
    /// it predicts, but cannot tell an image of none of its classes.
    ///
    /// ```no_run
    /// # use headstart::{Backbone, Classifier, device::cpu_backend};
    /// # fn main() -> headstart::Result<()> {
    /// # let weights = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
    /// let backbone = Backbone::load(&weights, cpu_backend())?;
    /// let file = std::fs::read("insects.safetensors").expect("the project exists");
    /// let classifier = Classifier::restore(backbone, &file)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `PROJECT_CORRUPT`, `PROJECT_UNSUPPORTED`, or `PROJECT_MISMATCH` for a file that goes with other
    /// weights.
    pub fn restore(backbone: Backbone, file: &[u8]) -> Result<Self> {
        let Restored {
            views,
            features,
            dataset,
            head,
        } = export::read(file, backbone.hash(), backbone.network())?;
        let mut classifier = Self::with_features(backbone, views, features);
        classifier.dataset = dataset;
        if let Some(RestoredHead {
            head,
            left_out,
            provenance,
            measured,
            tail,
        }) = head
        {
            let left_out = left_out.map(|logits| {
                let images = provenance.judged();
                let fold = |&place: &usize| provenance.folds[place];
                LeftOut {
                    logits,
                    folds: images.iter().filter_map(fold).collect(),
                    images,
                }
            });
            let tuned = tail.map(Tuned::new);
            let mut trained =
                classifier.trained_from(head.into_fitted(left_out), provenance, tuned);
            trained.learning_curve = measured.learning_curve;
            trained.verdict = measured.finetune;
            trained.refusals = measured
                .refusals
                .or_else(|| classifier.refusals_of(&trained));
            classifier.trained = Some(trained);
        }
        Ok(classifier)
    }

    /// The report, unless there is no head or nothing to judge it on.
    fn report_if_any(&self) -> Result<Option<Report>> {
        match self.evaluate() {
            Ok(report) => Ok(Some(report)),
            Err(Error::NotTrained | Error::NoTestImages { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Trained {
    fn left_out_logits(&self) -> Option<&[f32]> {
        let left_out = self.fitted.left_out.as_ref()?;
        Some(&left_out.logits)
    }
}
