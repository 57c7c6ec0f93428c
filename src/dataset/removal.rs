//! Taking images out, and where those that stay are found afterwards.

use std::collections::{BTreeMap, HashSet};

use super::{Dataset, Sample, unknown_class};
use crate::{Error, Result};

/// The samples that a removal leaves, and their new indices.
#[derive(Debug, Clone)]
pub(crate) struct Kept(Vec<Option<usize>>);

impl Kept {
    /// Renumbers what stays, without gaps.
    fn new(stays: impl Iterator<Item = bool>) -> Self {
        let mut next = 0..;
        Self(
            stays
                .map(|stays| stays.then(|| next.next()).flatten())
                .collect(),
        )
    }

    /// The new index of the sample that was at this one; `None` if it is gone.
    pub fn index(&self, before: usize) -> Option<usize> {
        self.0.get(before).copied().flatten()
    }

    /// Drops the items of samples that are gone; there is one item for each sample.
    pub fn retain<T>(&self, items: &mut Vec<T>) {
        let mut stays = self.0.iter().map(Option::is_some);
        items.retain(|_| stays.next().unwrap_or(false));
    }

    /// The new indices of samples of which each is kept; `None` if one is gone.
    pub fn all(&self, before: &[usize]) -> Option<Vec<usize>> {
        before.iter().map(|&index| self.index(index)).collect()
    }

    /// The new indices of those among these samples that are kept.
    pub fn some(&self, before: &[usize]) -> Vec<usize> {
        let kept = before.iter().filter_map(|&index| self.index(index));
        kept.collect()
    }

    /// The near-duplicate groups of the first samples, each named by the first of its members that stays.
    pub fn groups(&self, before: &[usize]) -> Vec<usize> {
        let mut first = BTreeMap::new();
        let kept = before.iter().enumerate();
        kept.filter_map(|(index, group)| {
            let index = self.index(index)?;
            Some(*first.entry(group).or_insert(index))
        })
        .collect()
    }
}

impl Dataset {
    /// The ids of a class's images.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a class that is not there.
    pub(crate) fn ids_of_class(&self, label: &str) -> Result<Vec<usize>> {
        let Some(class) = self.class_of(label) else {
            return Err(unknown_class("label", label, self.labels()));
        };
        let of_class = self.samples.iter().filter(|sample| sample.class == class);
        Ok(of_class.map(|sample| sample.id).collect())
    }

    /// Which samples stay when the images of these ids go.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an id that no image has.
    pub(crate) fn without(&self, ids: &[usize]) -> Result<Kept> {
        let known: HashSet<usize> = self.samples.iter().map(|sample| sample.id).collect();
        if let Some(unknown) = ids.iter().find(|id| !known.contains(id)) {
            return Err(Error::invalid(
                "ids",
                format!(
                    "there is no image {unknown}; give ids that adding an image or a report gave, of images that were not removed since"
                ),
            ));
        }
        let gone: HashSet<usize> = ids.iter().copied().collect();
        let stays = |sample: &Sample| !gone.contains(&sample.id);
        Ok(Kept::new(self.samples.iter().map(stays)))
    }

    /// Removes all samples but these, and the classes that are left without any; gives the removed ids.
    pub(crate) fn retain(&mut self, kept: &Kept) -> Vec<usize> {
        let samples = self.samples.iter().enumerate();
        let removed = samples
            .filter(|&(index, _)| kept.index(index).is_none())
            .map(|(_, sample)| sample.id)
            .collect();
        self.near_duplicates.retain(kept);
        kept.retain(&mut self.samples);
        self.by_hash.retain(|_, index| match kept.index(*index) {
            Some(new) => {
                *index = new;
                true
            }
            None => false,
        });
        self.drop_empty_classes();
        removed
    }

    fn drop_empty_classes(&mut self) {
        let present: HashSet<usize> = self.samples.iter().map(|sample| sample.class).collect();
        let kept = Kept::new((0..self.labels.len()).map(|class| present.contains(&class)));
        kept.retain(&mut self.labels);
        for sample in &mut self.samples {
            // Its class has an image, itself.
            sample.class = kept.index(sample.class).unwrap_or(sample.class);
        }
    }
}
