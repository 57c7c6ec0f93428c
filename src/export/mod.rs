//! Files that outlive a session: a head alone, or all of a project but its images.
//!
//! Both are safetensors files that any reader opens; `docs/project-format.md` describes them. What comes from
//! a file is checked in full, as it may come from anywhere.

mod head;
mod project;
mod provenance;

use std::collections::BTreeSet;

pub(crate) use head::{HeadFile, StoredHead};
pub(crate) use project::{ProjectFile, Trained};

use serde::{Deserialize, Serialize};

use crate::backbone::network::Description;
use crate::backbone::{FeatureSet, Layout, TailWeights};
use crate::dataset::Dataset;
use crate::evaluation::{LearningCurve, Provenance, Refusals};
use crate::finetune::Verdict;
use crate::image::Views;
use crate::tensor_file::{Checked, TensorFile};
use crate::{Error, Result};

/// The metadata's `version`: what this crate writes.
const VERSION: &str = "2";
/// What it read and wrote before: the last stage's features alone.
const FIRST_VERSION: &str = "1";

/// Which of a network's features a file's rows hold.
#[derive(Debug, Clone)]
struct Rows {
    /// In memory.
    layout: Layout,
    /// In the file: the same, or the last stage's.
    stored: usize,
}

impl Rows {
    /// Of an embedding in memory, how many numbers there are that the file does not have.
    fn missing(&self) -> usize {
        self.layout.len() - self.stored
    }

    /// Rows as they are in memory, where what the file does not have is 0.
    fn widen(&self, rows: &[f32]) -> Vec<f32> {
        let row = |row: &[f32]| [vec![0.0; self.missing()], row.to_vec()].concat();
        rows.chunks_exact(self.stored).flat_map(row).collect()
    }
}

/// What a file gives back.
#[derive(Debug)]
pub(crate) struct Restored {
    pub views: Views,
    pub features: FeatureSet,
    pub dataset: Dataset,
    pub head: Option<RestoredHead>,
}

/// A head and what it rests on; nothing, where it came alone.
#[derive(Debug)]
pub(crate) struct RestoredHead {
    pub head: StoredHead,
    /// Logits `[train, classes]` of heads that had not learned from the image.
    pub left_out: Option<Vec<f32>>,
    pub provenance: Provenance,
    pub measured: Measured,
    /// The tail that was tuned with it.
    pub tail: Option<TailWeights>,
}

/// What was measured in training and is not worked out anew.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Measured {
    pub refusals: Option<Refusals>,
    pub learning_curve: Option<LearningCurve>,
    #[serde(default)]
    pub finetune: Option<Verdict>,
}

/// Reads a file of either format that goes with the weights of this SHA-256, which are this network's.
///
/// # Errors
/// `PROJECT_CORRUPT`, `PROJECT_UNSUPPORTED`, `PROJECT_MISMATCH`.
pub(crate) fn read(bytes: &[u8], loaded: &str, network: &Description) -> Result<Restored> {
    let file = TensorFile::parse(bytes).map_err(Error::project)?;
    let formats = [project::FORMAT, head::FORMAT];
    let (format, version) = file
        .format(
            &formats,
            &[FIRST_VERSION, VERSION],
            "a project or a head of Headstart",
        )
        .map_err(Error::project)?;
    let is_first = version == FIRST_VERSION;
    let (weights, restored) = if format == project::FORMAT {
        ProjectFile::read(&file, network, is_first)
    } else {
        HeadFile::read(&file, network, is_first)
    }
    .map_err(Error::project)?;
    if weights != loaded {
        return Err(Error::ProjectMismatch {
            wanted: weights,
            loaded: loaded.into(),
        });
    }
    Ok(restored)
}

/// What a file of a feature set holds. The first version knew the last stage's alone, where now all are taken.
fn rows(network: &Description, features: FeatureSet, is_first: bool) -> Rows {
    let layout = network.layout().select(features);
    let stored = if is_first {
        layout.select(FeatureSet::Last).len()
    } else {
        layout.len()
    };
    Rows { layout, stored }
}

/// Says whether a file's tensors are these and, where there is one, those of a tuned tail, which are looked at when it is
/// read.
fn check_names<'a>(
    file: &TensorFile,
    names: impl IntoIterator<Item = &'a str>,
    tuned: bool,
) -> Checked<()> {
    let mut names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
    if tuned {
        let of_tail = file.names().filter(|name| TailWeights::is_part(name));
        names.extend(of_tail.map(Into::into));
    }
    file.check_names(&names)
}
