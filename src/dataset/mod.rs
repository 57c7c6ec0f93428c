//! The user's images as the head sees them: an embedding, a class, a content hash and a side.

mod near_duplicates;
mod removal;
mod split;
mod stored;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use near_duplicates::Candidates;
pub(crate) use near_duplicates::dot;
pub use near_duplicates::{MIN_CENTRED_COSINE, MIN_COSINE};
pub(crate) use removal::Kept;
pub use split::{Partition, TEST_SHARE, folds, hold_out, shuffled_places};
pub(crate) use stored::{StoredDataset, check_labels};

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

/// A side of the split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Learned from.
    Train,
    /// Judged on.
    Test,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Its id, which it keeps while other images come and go, and which no other image ever gets.
    pub id: usize,
    /// Its file name, for people.
    pub name: String,
    /// SHA-256 of its content, in hex.
    pub hash: String,
    /// Its class's place in [`Dataset::labels`].
    pub class: usize,
    /// The side it was put on.
    pub split: Split,
    /// The side that the seeded split put it on, which it keeps.
    pub side: Option<Side>,
    /// Its embedding, 512 numbers.
    #[serde(skip)]
    pub embedding: Vec<f32>,
}

/// Why an image must not be added again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// `DUPLICATE`, or `LABEL_CONFLICT` when the same content is there with another label.
    pub code: &'static str,
    /// One sentence that names both images and the remedy.
    pub reason: String,
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

/// All images that are there, each content once.
///
/// Whatever computes on them speaks of a sample's index in [`samples`](Self::samples), which changes when
/// images are removed; whoever tells people or programs of one names its id.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    labels: Vec<String>,
    samples: Vec<Sample>,
    next_id: usize,
    /// The index of each content's sample.
    by_hash: HashMap<String, usize>,
    candidates: Candidates,
    sides_seed: Option<u64>,
}

impl Dataset {
    /// Class labels, in the order in which they first came.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// All samples, in the order in which they came.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The sample with this content, if it was added.
    pub fn find(&self, hash: &str) -> Option<&Sample> {
        self.by_hash.get(hash).map(|&index| &self.samples[index])
    }

    /// Why an image must not be added again, or `None` when its content is new.
    pub fn duplicate(&self, name: &str, hash: &str, label: &str) -> Option<Duplicate> {
        let there = self.find(hash)?;
        let first = &self.labels[there.class];
        let side = if there.split == Split::Test {
            "test"
        } else {
            "training"
        };
        let (code, remedy) = if first == label {
            ("DUPLICATE", "it is counted once")
        } else {
            (
                "LABEL_CONFLICT",
                "decide which class it shows, and leave out the other copy",
            )
        };
        Some(Duplicate {
            code,
            reason: format!(
                "{name} has the same content as {}, which is there already as a {side} image of \"{first}\"; {remedy}.",
                there.name
            ),
        })
    }

    /// Adds an image and gives its id.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an empty label or hash, an embedding that is not 512 finite numbers, or content
    /// that is there already.
    pub fn add(
        &mut self,
        name: &str,
        hash: &str,
        label: &str,
        split: Split,
        embedding: &[f32],
    ) -> Result<usize> {
        let label = check_label("label", label)?;
        if hash.is_empty() {
            return Err(Error::invalid("hash", "it is empty; give the content's"));
        }
        if embedding.len() != EMBEDDING_LEN || embedding.iter().any(|value| !value.is_finite()) {
            return Err(Error::invalid(
                "embedding",
                format!(
                    "it must be {EMBEDDING_LEN} finite numbers, and has {}",
                    embedding.len()
                ),
            ));
        }
        if let Some(duplicate) = self.duplicate(name, hash, label) {
            let problem = duplicate.reason.trim_end_matches('.');
            return Err(Error::invalid("image", problem));
        }
        let class = self.class_of(label).unwrap_or_else(|| {
            self.labels.push(label.into());
            self.labels.len() - 1
        });
        let id = self.next_id;
        self.next_id += 1;
        self.push(Sample {
            id,
            name: name.into(),
            hash: hash.into(),
            class,
            split,
            side: None,
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

    /// The near-duplicate group of each sample, named by the index of its first member; most samples are
    /// alone in theirs.
    pub fn near_duplicates(&self) -> Vec<usize> {
        self.candidates.groups(embeddings(&self.samples))
    }

    /// Splits the images into those to learn from and those to be judged on; near-duplicates (`groups`, from
    /// [`near_duplicates`](Self::near_duplicates)) never stand on both sides. Under one seed an image keeps
    /// its side when others are added.
    ///
    /// # Errors
    /// `NO_IMAGES`, `TOO_FEW_CLASSES`, or `TOO_FEW_IMAGES` for a class with no image to train on.
    pub fn partition(&mut self, groups: &[usize], seed: u64) -> Result<Partition> {
        split::partition(self, groups, seed)
    }

    fn forget_sides_of_other_seeds(&mut self, seed: u64) {
        if self.sides_seed != Some(seed) {
            self.samples
                .iter_mut()
                .for_each(|sample| sample.side = None);
            self.sides_seed = Some(seed);
        }
    }

    fn remember_sides(&mut self, sides: &[Side]) {
        for (sample, &side) in self.samples.iter_mut().zip(sides) {
            sample.side = Some(side);
        }
    }

    /// Gives a class another label, which no other class has.
    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        if let Some(class) = self.class_of(from) {
            self.labels[class] = to.into();
        }
    }

    pub(crate) fn class_of(&self, label: &str) -> Option<usize> {
        self.labels.iter().position(|known| known == label)
    }
}

fn embeddings(samples: &[Sample]) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
    samples.iter().map(|sample| sample.embedding.as_slice())
}

/// A label without the white space around it.
///
/// # Errors
/// `INVALID_ARGUMENT` when nothing is left.
pub(crate) fn check_label<'a>(argument: &str, label: &'a str) -> Result<&'a str> {
    let label = label.trim();
    if label.is_empty() {
        return Err(Error::invalid(argument, "it is empty; name the class"));
    }
    Ok(label)
}

/// An `INVALID_ARGUMENT` for a class that is not among those known.
pub(crate) fn unknown_class(argument: &str, label: &str, known: &[String]) -> Error {
    let there_are = match known {
        [] => "there are none".into(),
        [only] => format!("the only one is \"{only}\""),
        several => format!("there are \"{}\"", several.join("\", \"")),
    };
    Error::invalid(
        argument,
        format!("no class is called \"{label}\"; {there_are}"),
    )
}
