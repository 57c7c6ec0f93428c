//! The user's images as the head sees them: an embedding, a class, a content hash and a side.

mod split;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use split::{Partition, TEST_SHARE, folds, hold_out, partition};

use crate::backbone::EMBEDDING_LEN;
use crate::{Error, Result};

/// Which side of the split the user put an image on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The seeded split decides; for training once any image is for testing.
    Auto,
    /// Always for training.
    Train,
    /// Never for training.
    Test,
}

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its file name, for people.
    pub name: String,
    /// SHA-256 of its content, in hex.
    pub hash: String,
    /// Its class's place in [`Dataset::labels`].
    pub class: usize,
    /// The side it was put on.
    pub split: Split,
    /// Its embedding, 512 numbers.
    pub embedding: Vec<f32>,
}

/// How many images a class has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class.
    pub label: String,
    /// Images that the seeded split decides about.
    pub auto: usize,
    /// Images for training.
    pub train: usize,
    /// Images for testing.
    pub test: usize,
}

/// All images added, each content once. A sample's id is its place among them.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    labels: Vec<String>,
    samples: Vec<Sample>,
    by_hash: HashMap<String, usize>,
}

impl Dataset {
    /// Class labels, in the order in which they first came.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// All samples; a sample's id is its index.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The sample with this content, if it was added.
    pub fn find(&self, hash: &str) -> Option<&Sample> {
        self.by_hash.get(hash).map(|&id| &self.samples[id])
    }

    /// Why an image must not be added again, or `None` when its content is new.
    pub fn duplicate(&self, name: &str, hash: &str, label: &str) -> Option<String> {
        let there = self.find(hash)?;
        let first = &self.labels[there.class];
        let side = if there.split == Split::Test {
            "test"
        } else {
            "training"
        };
        Some(if first == label {
            format!(
                "{name} has the same content as {}, which is there already as a {side} image of \"{first}\"; it is counted once.",
                there.name
            )
        } else {
            format!(
                "{name} has the same content as {}, which is there already as a {side} image of \"{first}\"; decide which class it shows.",
                there.name
            )
        })
    }

    /// Adds an image and gives its id.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an empty label, an embedding that is not 512 finite numbers, or content
    /// that is there already.
    pub fn add(
        &mut self,
        name: &str,
        hash: &str,
        label: &str,
        split: Split,
        embedding: &[f32],
    ) -> Result<usize> {
        let label = check_label(label)?;
        if embedding.len() != EMBEDDING_LEN || embedding.iter().any(|value| !value.is_finite()) {
            return Err(Error::invalid(
                "embedding",
                format!(
                    "it must be {EMBEDDING_LEN} finite numbers, and has {}",
                    embedding.len()
                ),
            ));
        }
        if let Some(reason) = self.duplicate(name, hash, label) {
            return Err(Error::invalid("image", reason.trim_end_matches('.')));
        }
        let class = self.class_of(label).unwrap_or_else(|| {
            self.labels.push(label.into());
            self.labels.len() - 1
        });
        let id = self.samples.len();
        self.by_hash.insert(hash.into(), id);
        self.samples.push(Sample {
            name: name.into(),
            hash: hash.into(),
            class,
            split,
            embedding: embedding.to_vec(),
        });
        Ok(id)
    }

    /// Images per class, in the order of [`Dataset::labels`].
    pub fn classes(&self) -> Vec<ClassCount> {
        let mut counts: Vec<ClassCount> = self
            .labels
            .iter()
            .map(|label| ClassCount {
                label: label.clone(),
                auto: 0,
                train: 0,
                test: 0,
            })
            .collect();
        for sample in &self.samples {
            let count = &mut counts[sample.class];
            match sample.split {
                Split::Auto => count.auto += 1,
                Split::Train => count.train += 1,
                Split::Test => count.test += 1,
            }
        }
        counts
    }

    fn class_of(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|known| known == label)
    }
}

/// A label without the white space around it.
///
/// # Errors
/// `INVALID_ARGUMENT` when nothing is left.
fn check_label(label: &str) -> Result<&str> {
    let label = label.trim();
    if label.is_empty() {
        return Err(Error::invalid("label", "it is empty; name the class"));
    }
    Ok(label)
}
