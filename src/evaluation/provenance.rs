//! What a head rests on.

use serde::{Deserialize, Serialize};

use super::report::HeldOut;
use crate::dataset::Kept;
use crate::head::ClassWeights;

/// Which images a head learned from and which it is to be judged on, by their indices in the dataset. Nothing
/// by default: where a head came without its images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Provenance {
    /// Images learned from, in the order in which the fit has them.
    pub train: Vec<usize>,
    /// The cross-validation fold of each of those; `None`: it takes no part.
    pub folds: Vec<Option<usize>>,
    /// How many folds were left out, one after the other: the first ones.
    #[serde(default)]
    pub turns: usize,
    /// The place of each of those in the order in which a learning curve uses them.
    pub places: Vec<usize>,
    /// Images that the fit stopped by and was calibrated on.
    pub validation: Vec<usize>,
    /// Images to be judged on.
    pub test: Vec<usize>,
    /// Images for the test of which a near-duplicate, or one of the same group, is among those learned from.
    pub set_aside: Vec<usize>,
    /// Where the images to be judged on came from.
    pub held_out: HeldOut,
    /// The near-duplicate group of each image that was there, named by the index of its first member.
    pub groups: Vec<usize>,
    /// How classes of different sizes counted.
    pub class_weights: ClassWeights,
}

impl Provenance {
    /// Places among the images learned from of those that cross-validation left out and judged.
    pub fn judged(&self) -> Vec<usize> {
        let folds = self.folds.iter().enumerate();
        let is_judged = |fold: Option<usize>| fold.is_some_and(|fold| fold < self.turns);
        folds
            .filter_map(|(place, &fold)| is_judged(fold).then_some(place))
            .collect()
    }

    /// All that it names but those set aside, one list after the other.
    pub fn images(&self) -> impl Iterator<Item = usize> + Clone {
        let lists = self.train.iter().chain(&self.validation).chain(&self.test);
        lists.copied()
    }

    /// As it was before it was said which folds are left out.
    pub fn leave_out_every_fold(&mut self) {
        self.turns = self.folds.iter().flatten().max().map_or(0, |last| last + 1);
    }

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
