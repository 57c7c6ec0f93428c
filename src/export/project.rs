//! A project in a file: everything but the images themselves, so that work goes on where it was left.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::head::{BIAS, HeadDescription, StoredHead, WEIGHT};
use super::{Restored, RestoredHead, VERSION, check_names, provenance};
use crate::backbone::EMBEDDING_LEN;
use crate::dataset::{Dataset, StoredDataset};
use crate::device::BackendKind;
use crate::evaluation::{Provenance, Report};
use crate::image::Views;
use crate::tensor_file::{self, Checked, Problem, RawTensor, TensorFile};

/// The metadata's `format`.
pub(super) const FORMAT: &str = "headstart-project";
/// The metadata's JSON document.
const DOCUMENT: &str = "project";
/// The images' embeddings.
const EMBEDDINGS: &str = "embeddings";
/// What heads said of the training images that had not learned from them.
const LEFT_OUT: &str = "left_out";

/// Everything in a project that is not a tensor.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document<'a> {
    weights_sha256: Cow<'a, str>,
    views: Views,
    backend: BackendKind,
    dataset: StoredDataset<'a>,
    head: Option<Cow<'a, HeadDescription>>,
    provenance: Option<Cow<'a, Provenance>>,
    /// Whether there is a tensor of this name.
    left_out: bool,
    /// For readers of the file; it is worked out anew when the project is opened.
    report: Option<serde_json::Value>,
}

/// What a project file is made from.
pub(crate) struct ProjectFile<'a> {
    /// SHA-256 of the weights file that made the embeddings.
    pub weights_sha256: &'a str,
    pub views: Views,
    /// What computes now, and did for the images added last.
    pub backend: BackendKind,
    pub dataset: &'a Dataset,
    pub head: Option<Trained<'a>>,
    pub report: Option<Report>,
}

/// A head and what it rests on.
pub(crate) struct Trained<'a> {
    pub head: StoredHead,
    pub provenance: &'a Provenance,
    /// Logits `[train, classes]` of heads that had not learned from the image.
    pub left_out: Option<&'a [f32]>,
}

impl ProjectFile<'_> {
    pub fn write(&self) -> Checked<Vec<u8>> {
        let samples = self.dataset.samples();
        let embeddings = samples.iter().flat_map(|sample| &sample.embedding);
        let mut tensors = vec![RawTensor::f32(
            EMBEDDINGS,
            &[samples.len(), EMBEDDING_LEN],
            embeddings,
        )];
        let mut document = Document {
            weights_sha256: self.weights_sha256.into(),
            views: self.views,
            backend: self.backend,
            dataset: self.dataset.stored(),
            head: None,
            provenance: None,
            left_out: false,
            report: self.report.as_ref().map(tensor_file::value).transpose()?,
        };
        if let Some(trained) = &self.head {
            tensors.extend(trained.head.tensors());
            document.head = Some(Cow::Borrowed(&trained.head.description));
            document.provenance = Some(Cow::Borrowed(trained.provenance));
            if let Some(logits) = trained.left_out {
                let shape = [trained.provenance.train.len(), trained.head.classes()];
                tensors.push(RawTensor::f32(LEFT_OUT, &shape, logits));
                document.left_out = true;
            }
        }
        let metadata = [
            ("format", FORMAT.into()),
            ("version", VERSION.into()),
            (DOCUMENT, tensor_file::json(&document)?),
        ];
        tensor_file::write(&tensors, metadata)
    }

    /// The SHA-256 of the weights that the project goes with, and the project.
    pub(super) fn read(file: &TensorFile) -> Checked<(String, Restored)> {
        let document: Document = file.json(DOCUMENT)?;
        let mut names = vec![EMBEDDINGS];
        if document.head.is_some() {
            names.extend([WEIGHT, BIAS]);
        }
        if document.left_out {
            names.push(LEFT_OUT);
        }
        check_names(file, names)?;
        let shape = [document.dataset.len(), EMBEDDING_LEN];
        let embeddings = file.f32s(EMBEDDINGS, &shape)?;
        let dataset = Dataset::restore(document.dataset, &embeddings).map_err(Problem::Corrupt)?;
        let head = match (document.head, document.provenance) {
            (Some(description), Some(provenance)) => {
                let head = StoredHead::read(file, description.into_owned())?;
                let provenance = provenance.into_owned();
                provenance::check(&provenance, &dataset, &head.description.labels)
                    .map_err(Problem::Corrupt)?;
                let left_out = document
                    .left_out
                    .then(|| file.f32s(LEFT_OUT, &[provenance.train.len(), head.classes()]))
                    .transpose()?;
                Some(RestoredHead {
                    head,
                    left_out,
                    provenance,
                })
            }
            (None, None) if !document.left_out => None,
            _ => {
                return Err(Problem::corrupt(
                    "head, provenance and leftOut do not go together",
                ));
            }
        };
        let restored = Restored {
            views: document.views,
            dataset,
            head,
        };
        Ok((document.weights_sha256.into_owned(), restored))
    }
}
