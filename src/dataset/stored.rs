//! A dataset as a file keeps it, and what a file must fulfil to become one.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::fingerprint::{FINGERPRINT_LEN, Fingerprint};
use super::{Dataset, Sample};

/// Ids stay below this, so that no number of further images makes them overflow.
const MAX_IDS: usize = 1 << 30;

/// A dataset without its embeddings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StoredDataset<'a> {
    labels: Cow<'a, [String]>,
    samples: Cow<'a, [Sample]>,
    next_id: usize,
    sides_seed: Option<u64>,
}

impl StoredDataset<'_> {
    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// How many of them have a fingerprint.
    pub fn fingerprinted(&self) -> usize {
        let samples = self.samples.iter().filter(|sample| sample.fingerprinted);
        samples.count()
    }
}

impl Dataset {
    /// The fingerprints of those that have one, in their order.
    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> + Clone {
        (0..self.samples.len()).filter_map(|image| self.near_duplicates.fingerprint(image))
    }

    /// Everything but the embeddings and the fingerprints.
    pub(crate) fn stored(&self) -> StoredDataset<'_> {
        StoredDataset {
            labels: Cow::Borrowed(&self.labels),
            samples: Cow::Borrowed(&self.samples),
            next_id: self.next_id,
            sides_seed: self.sides_seed,
        }
    }

    /// Checks what a file says, and puts it together with its embeddings `[samples, features]`, which must be finite
    /// and of that length, and the fingerprints of those that have one.
    ///
    /// # Errors
    /// What is wrong, naming the image or class.
    pub(crate) fn restore(
        stored: StoredDataset,
        features: usize,
        values: &[f32],
        fingerprints: &[u8],
    ) -> Result<Self, String> {
        check_labels("the classes", &stored.labels)?;
        if stored.next_id > MAX_IDS {
            return Err(format!("nextId is {}, over {MAX_IDS}", stored.next_id));
        }
        let mut dataset = Self {
            labels: stored.labels.into_owned(),
            next_id: stored.next_id,
            sides_seed: stored.sides_seed,
            ..Self::new(features)
        };
        let samples = stored.samples.into_owned().into_iter();
        let mut fingerprints = fingerprints.as_chunks::<FINGERPRINT_LEN>().0.iter();
        for (sample, embedding) in samples.zip(values.chunks_exact(features)) {
            dataset.check_next(&sample)?;
            let fingerprint = match sample.fingerprinted {
                true => fingerprints.next().map(Fingerprint::from_bytes),
                false => None,
            };
            let sample = Sample {
                embedding: embedding.to_vec(),
                ..sample
            };
            dataset.push(sample, fingerprint);
        }
        let present: HashSet<usize> = dataset.samples.iter().map(|sample| sample.class).collect();
        match (0..dataset.labels.len()).find(|class| !present.contains(class)) {
            Some(empty) => Err(format!(
                "the class \"{}\" has no image",
                dataset.labels[empty]
            )),
            None => Ok(dataset),
        }
    }

    /// Marks all images as embedded by an earlier version.
    pub(crate) fn outdate(&mut self) {
        for sample in &mut self.samples {
            sample.outdated = true;
        }
    }

    /// Says whether a sample can follow those that are there.
    fn check_next(&self, sample: &Sample) -> Result<(), String> {
        let Sample {
            id,
            hash,
            class,
            group,
            ..
        } = sample;
        if self.samples.last().is_some_and(|last| last.id >= *id) {
            return Err(format!("the id {id} is there twice or out of order"));
        }
        if *id >= self.next_id {
            return Err(format!("the id {id} is not below nextId {}", self.next_id));
        }
        if *class >= self.labels.len() {
            return Err(format!("the class {class} of image {id} is not there"));
        }
        if hash.is_empty() {
            return Err(format!("image {id} has no hash"));
        }
        if group
            .as_ref()
            .is_some_and(|group| group.trim() != group || group.is_empty())
        {
            return Err(format!(
                "the group of image {id} is empty or has white space around it"
            ));
        }
        if let Some(other) = self.find(hash) {
            return Err(format!("the images {} and {id} have one hash", other.id));
        }
        Ok(())
    }

    /// Adds a sample whose content is new.
    pub(super) fn push(&mut self, sample: Sample, fingerprint: Option<Fingerprint>) {
        self.features = Some(sample.embedding.len());
        self.near_duplicates.add(fingerprint);
        self.by_hash.insert(sample.hash.clone(), self.samples.len());
        self.samples.push(sample);
    }
}

/// Says whether these can be the names of as many classes.
///
/// # Errors
/// What is wrong, naming `what` and the class.
pub(crate) fn check_labels(what: &str, labels: &[String]) -> Result<(), String> {
    let mut seen = HashSet::new();
    for label in labels {
        if label.trim().is_empty() || label.trim() != label {
            return Err(format!(
                "{what}: \"{label}\" is empty or has white space around it"
            ));
        }
        if !seen.insert(label) {
            return Err(format!("{what}: \"{label}\" is there twice"));
        }
    }
    Ok(())
}
