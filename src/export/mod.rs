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

use crate::dataset::Dataset;
use crate::evaluation::Provenance;
use crate::image::Views;
use crate::tensor_file::{Checked, TensorFile};
use crate::{Error, Result};

/// The metadata's `version`: what this crate reads and writes.
const VERSION: &str = "1";

/// What a file gives back.
#[derive(Debug)]
pub(crate) struct Restored {
    pub views: Views,
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
}

/// Reads a file of either format that goes with the weights of this SHA-256.
///
/// # Errors
/// `PROJECT_CORRUPT`, `PROJECT_UNSUPPORTED`, `PROJECT_MISMATCH`.
pub(crate) fn read(bytes: &[u8], loaded: &str) -> Result<Restored> {
    let file = TensorFile::parse(bytes).map_err(Error::project)?;
    let formats = [project::FORMAT, head::FORMAT];
    let format = file
        .format(&formats, VERSION, "a project or a head of Headstart")
        .map_err(Error::project)?;
    let (weights, restored) = if format == project::FORMAT {
        ProjectFile::read(&file)
    } else {
        HeadFile::read(&file)
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

fn check_names<'a>(file: &TensorFile, names: impl IntoIterator<Item = &'a str>) -> Checked<()> {
    let names: BTreeSet<String> = names.into_iter().map(Into::into).collect();
    file.check_names(&names)
}
