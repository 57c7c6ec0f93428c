//! What a head rests on.

use serde::{Deserialize, Serialize};

use super::report::HeldOut;
use crate::dataset::Kept;
use crate::head::ClassWeights;

/// Folds of the cross-validation within the training images, at most.
pub(crate) const FOLDS: usize = 5;

/// Which images a head learned from and which it is to be judged on, by their indices in the dataset. Nothing
/// by default: where a head came without its images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Provenance {
    /// Images learned from, in the order in which the fit has them.
    pub train: Vec<usize>,
    /// The cross-validation fold of each of those.
    pub folds: Vec<usize>,
    /// The place of each of those in the order in which a learning curve uses them.
    pub places: Vec<usize>,
    /// Images that the fit stopped by and was calibrated on.
    pub validation: Vec<usize>,
    /// Images to be judged on.
    pub test: Vec<usize>,
    /// Images for the test that have a near-duplicate among those learned from.
    pub set_aside: Vec<usize>,
    /// Where the images to be judged on came from.
    pub held_out: HeldOut,
    /// The near-duplicate group of each image that was there, named by the index of its first member.
    pub groups: Vec<usize>,
    /// How classes of different sizes counted.
    pub class_weights: ClassWeights,
}

impl Provenance {
    /// The same after a removal; `None` where an image is gone that the head learned from or is judged on.
    pub fn after(self, kept: &Kept) -> Option<Self> {
        Some(Self {
            train: kept.all(&self.train)?,
            validation: kept.all(&self.validation)?,
            test: kept.all(&self.test)?,
            set_aside: kept.some(&self.set_aside),
            groups: kept.groups(&self.groups),
            ..self
        })
    }
}
