//! What an embedding is made of: the means of the maps that some of the network's stages put out.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A stage whose map gives features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureStage {
    /// torchvision's name of it, for example `layer4`.
    pub name: String,
    /// Channels of its map, each of which is a feature.
    pub channels: usize,
    /// The side of its square map.
    pub side: usize,
}

/// The stages whose features follow one another in an embedding, and whose maps follow one another in what a heat map
/// is made of.
///
/// ```
/// use headstart::backbone::{FeatureSet, network::Description};
///
/// let all = Description::resnet18().layout();
/// assert_eq!(all.len(), 64 + 128 + 256 + 512);
/// let last = all.select(FeatureSet::Last);
/// assert_eq!(last.len(), 512);
/// assert_eq!(all.range_of(&last), 448..960);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    stages: Vec<FeatureStage>,
}

/// Which of a network's features make an embedding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureSet {
    /// Those of every stage: early ones know textures and edges that ImageNet's classes do not need.
    #[default]
    All,
    /// Those of the last stage.
    Last,
}

impl FeatureStage {
    /// How many places its map has.
    pub fn area(&self) -> usize {
        self.side * self.side
    }

    /// How many numbers its map has.
    pub fn map_len(&self) -> usize {
        self.channels * self.area()
    }
}

impl Layout {
    pub(super) fn new(stages: Vec<FeatureStage>) -> Self {
        Self { stages }
    }

    /// The same and further stages after it.
    pub(super) fn extended(mut self, further: impl Iterator<Item = FeatureStage>) -> Self {
        self.stages.extend(further);
        self
    }

    /// This one's last stages, as many as are left when the first of another one are not taken.
    pub(crate) fn without_first(&self, count: usize) -> Self {
        Self {
            stages: self.stages[count..].to_vec(),
        }
    }

    /// The stages, in the order of their features.
    pub fn stages(&self) -> &[FeatureStage] {
        &self.stages
    }

    /// How many numbers an embedding has.
    #[expect(clippy::len_without_is_empty, reason = "a network has stages")]
    pub fn len(&self) -> usize {
        self.parts().iter().sum()
    }

    /// How many features each stage gives.
    pub fn parts(&self) -> Vec<usize> {
        self.stages.iter().map(|stage| stage.channels).collect()
    }

    /// How many numbers the maps of an image have together.
    pub fn maps_len(&self) -> usize {
        self.stages.iter().map(FeatureStage::map_len).sum()
    }

    /// What a feature set takes of this one.
    pub fn select(&self, features: FeatureSet) -> Self {
        let first = match features {
            FeatureSet::All => 0,
            FeatureSet::Last => self.stages.len().saturating_sub(1),
        };
        Self {
            stages: self.stages[first..].to_vec(),
        }
    }

    /// Where the features of a layout that [`select`](Self::select) gave lie in an embedding of this one: at its end.
    pub fn range_of(&self, selected: &Self) -> Range<usize> {
        self.len() - selected.len()..self.len()
    }

    /// The features of the last stage.
    pub fn last(&self) -> Range<usize> {
        self.range_of(&self.select(FeatureSet::Last))
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::All => "all",
            Self::Last => "last",
        })
    }
}

impl FromStr for FeatureSet {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "all" => Ok(Self::All),
            "last" => Ok(Self::Last),
            _ => Err(Error::invalid("features", "it must be \"all\" or \"last\"")),
        }
    }
}
