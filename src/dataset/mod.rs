//! The user's images as the head sees them: an embedding, a class, a content hash and a side.

pub mod fingerprint;
mod forest;
mod groups;
mod near_duplicates;
mod removal;
mod split;
mod stored;
mod turns;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

pub use fingerprint::Fingerprint;
pub use near_duplicates::NearDuplicates;
pub(crate) use removal::Kept;
pub use split::{Partition, TEST_SHARE, folds, hold_out, shuffled_places};
pub(crate) use stored::{StoredDataset, check_labels};
pub use turns::{FOLDS, Turns};

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
    /// What it belongs to besides its class, where the user said so: a person, an object, a burst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// When it was taken, in seconds since 1970 by the camera's clock, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<i64>,
    /// Whether there is a fingerprint of it, by which near-duplicates are found.
    #[serde(default)]
    pub fingerprinted: bool,
    /// Whether it was embedded by an earlier version, which knew the last stage's features only: the others are 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
    /// Its embedding: as many numbers as that of every other.
    #[serde(skip)]
    pub embedding: Vec<f32>,
    /// The same and what the tuned tail adds that the head in place goes with; empty where there is none.
    #[serde(skip)]
    pub(crate) tuned: Vec<f32>,
}

impl Sample {
    /// Its embedding by the network as it came, or with a tuned tail.
    pub(crate) fn embedding_by(&self, tuned: bool) -> &[f32] {
        match tuned && !self.tuned.is_empty() {
            true => &self.tuned,
            false => &self.embedding,
        }
    }
}

/// An image to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewImage<'a> {
    /// Its file name, for people.
    pub name: &'a str,
    /// SHA-256 of its content, in hex.
    pub hash: &'a str,
    /// Its class.
    pub label: &'a str,
    /// The side it is put on.
    pub split: Split,
    /// What it belongs to besides its class.
    pub group: Option<&'a str>,
    /// When it was taken, in seconds since 1970.
    pub taken: Option<i64>,
    /// Its embedding.
    pub embedding: &'a [f32],
    /// What is where in it; `None`: no near-duplicate of it is found.
    pub fingerprint: Option<&'a Fingerprint>,
}

impl<'a> NewImage<'a> {
    /// An image whose side the split decides, and of which no more is known.
    pub fn new(name: &'a str, hash: &'a str, label: &'a str, embedding: &'a [f32]) -> Self {
        Self {
            name,
            hash,
            label,
            split: Split::Auto,
            group: None,
            taken: None,
            embedding,
            fingerprint: None,
        }
    }
}

/// Why an image must not be added again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// `DUPLICATE`, or `LABEL_CONFLICT` when the same content is there with another label.
    pub code: &'static str,
    /// The id of the image that is there.
    pub id: usize,
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
    near_duplicates: NearDuplicates,
    sides_seed: Option<u64>,
    /// How many numbers an embedding has; `None`: as many as the first one.
    features: Option<usize>,
}

impl Dataset {
    /// No images; their embeddings will have this many numbers.
    pub fn new(features: usize) -> Self {
        Self {
            features: Some(features),
            ..Self::default()
        }
    }

    /// Class labels, in the order in which they first came.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Sets what a tuned tail adds to the embeddings of some images, by their indices, and forgets it of all others.
    pub(crate) fn set_tuned<'a>(&mut self, rows: impl IntoIterator<Item = (usize, &'a [f32])>) {
        for sample in &mut self.samples {
            sample.tuned = Vec::new();
        }
        for (index, row) in rows {
            let sample = &mut self.samples[index];
            sample.tuned = [&sample.embedding, row].concat();
        }
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
        // What an earlier version has embedded is to be added again.
        if there.outdated && self.labels[there.class] == label {
            return None;
        }
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
            id: there.id,
            reason: format!(
                "{name} has the same content as {}, which is there already as a {side} image of \"{first}\"; {remedy}.",
                there.name
            ),
        })
    }

    /// Adds an image and gives its id. One that an earlier version has embedded takes the place of that.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an empty label, group or hash, an embedding that is not as many finite numbers as the
    /// others, or content that is there already.
    pub fn add(&mut self, image: NewImage) -> Result<usize> {
        let label = check_label("label", image.label)?;
        let group = image.group.map(|group| check_group(group)).transpose()?;
        if image.hash.is_empty() {
            return Err(Error::invalid("hash", "it is empty; give the content's"));
        }
        let len = image.embedding.len();
        let expected = self.features.unwrap_or(len);
        if len == 0 || len != expected || image.embedding.iter().any(|value| !value.is_finite()) {
            return Err(Error::invalid(
                "embedding",
                format!("it must be {expected} finite numbers, and has {len}"),
            ));
        }
        if let Some(duplicate) = self.duplicate(image.name, image.hash, label) {
            let problem = duplicate.reason.trim_end_matches('.');
            return Err(Error::invalid("image", problem));
        }
        if let Some(&index) = self.by_hash.get(image.hash) {
            if let Some(fingerprint) = image.fingerprint {
                self.near_duplicates.complete(index, fingerprint.clone());
            }
            let sample = &mut self.samples[index];
            sample.embedding = image.embedding.to_vec();
            sample.outdated = false;
            sample.fingerprinted = image.fingerprint.is_some();
            sample.group = group.map(Into::into);
            sample.taken = image.taken;
            return Ok(sample.id);
        }
        let class = self.class_of(label).unwrap_or_else(|| {
            self.labels.push(label.into());
            self.labels.len() - 1
        });
        let id = self.next_id;
        self.next_id += 1;
        let sample = Sample {
            id,
            name: image.name.into(),
            hash: image.hash.into(),
            class,
            split: image.split,
            side: None,
            group: group.map(Into::into),
            taken: image.taken,
            outdated: false,
            fingerprinted: image.fingerprint.is_some(),
            embedding: image.embedding.to_vec(),
            tuned: Vec::new(),
        };
        self.push(sample, image.fingerprint.cloned());
        Ok(id)
    }

    /// How many images were embedded by an earlier version.
    pub fn outdated(&self) -> usize {
        let outdated = self.samples.iter().filter(|sample| sample.outdated);
        outdated.count()
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

    /// The fingerprint of the sample at an index, if there is one.
    pub fn fingerprint(&self, index: usize) -> Option<&Fingerprint> {
        self.near_duplicates.fingerprint(index)
    }

    /// The near-duplicate group of each sample, named by the index of its first member; most samples are
    /// alone in theirs.
    pub fn near_duplicates(&self) -> Vec<usize> {
        self.near_duplicates.groups()
    }

    /// Splits the images into those to learn from and those to be judged on; images of one unit (`units`, from
    /// [`units`](Self::units)) never stand on both sides. Under one seed an image keeps its side when others are
    /// added.
    ///
    /// # Errors
    /// `NO_IMAGES`, `TOO_FEW_CLASSES`, or `TOO_FEW_IMAGES` for a class with no image to train on.
    pub fn partition(&mut self, units: &[usize], seed: u64) -> Result<Partition> {
        split::partition(self, units, seed)
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

/// A group without the white space around it.
fn check_group(group: &str) -> Result<&str> {
    let group = group.trim();
    if group.is_empty() {
        return Err(Error::invalid(
            "group",
            "it is empty; name what the image belongs to, or leave the group out",
        ));
    }
    Ok(group)
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
