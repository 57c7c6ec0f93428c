//! Changing what is there: other names for classes, and fewer images.

use super::{Classifier, Trained};
use crate::dataset::{Dataset, Kept, check_label, unknown_class};
use crate::{Error, Result};

impl Classifier {
    /// Gives a class another name, in the dataset and in the head; nothing has to be trained anew. White
    /// space around names does not count.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a class that is not there, an empty name, or one that another class has;
    /// `TRAINING_IN_PROGRESS`.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<()> {
        self.require_idle()?;
        let (from, to) = (from.trim(), check_label("to", to)?);
        let known = self.known_labels();
        let is_known = |label: &str| known.iter().any(|known| known == label);
        if !is_known(from) {
            return Err(unknown_class("from", from, &known));
        }
        if to != from && is_known(to) {
            return Err(Error::invalid(
                "to",
                format!(
                    "another class is called \"{to}\"; choose another name, or remove one of the two and add its images to the other"
                ),
            ));
        }
        self.dataset.rename(from, to);
        if let Some(trained) = &mut self.trained {
            trained.fitted.head.rename(from, to);
        }
        Ok(())
    }

    /// Removes a class with all its images and gives their ids; what else that does is as with
    /// [`remove_images`](Self::remove_images).
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a class that has no images; `TRAINING_IN_PROGRESS`.
    pub fn remove_class(&mut self, label: &str) -> Result<Vec<usize>> {
        self.require_idle()?;
        let ids = self.dataset.ids_of_class(label.trim())?;
        self.remove_images(&ids)
    }

    /// Removes images by their ids and gives the ids of those removed, in the order in which they were
    /// added. A class whose last image goes, goes with it.
    ///
    /// A head that learned from one of them, stopped by it, is judged on it or knows a class that goes is
    /// dropped; any other stays.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an id that no image has, and then nothing is removed; `TRAINING_IN_PROGRESS`.
    pub fn remove_images(&mut self, ids: &[usize]) -> Result<Vec<usize>> {
        self.require_idle()?;
        let kept = self.dataset.without(ids)?;
        let removed = self.dataset.retain(&kept);
        let trained = self.trained.take();
        self.trained = trained.and_then(|trained| trained.after(&kept, &self.dataset));
        Ok(removed)
    }

    /// The dataset's classes, and those that only the head knows.
    fn known_labels(&self) -> Vec<String> {
        let mut labels = self.dataset.labels().to_vec();
        if let Some(trained) = &self.trained {
            let of_head = trained.fitted.head.labels().iter();
            let others = of_head.filter(|label| self.dataset.class_of(label).is_none());
            labels.extend(others.cloned());
        }
        labels
    }
}

impl Trained {
    /// The same after a removal; `None` where the head rests on an image or knows a class that is gone.
    fn after(self, kept: &Kept, dataset: &Dataset) -> Option<Self> {
        let provenance = self.provenance.after(kept)?;
        let known = self.fitted.head.labels();
        let fits = provenance.train.is_empty() || dataset.labels().starts_with(known);
        fits.then_some(Self { provenance, ..self })
    }
}
