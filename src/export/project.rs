//! A project in a file: everything but the images themselves, so that work goes on where it was left.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::head::{BIAS, HeadDescription, StoredHead, WEIGHT};
use super::{Measured, Restored, RestoredHead, VERSION, check_names, provenance, rows};
use crate::backbone::network::Description;
use crate::backbone::{FeatureSet, TailWeights};
use crate::dataset::fingerprint::{FINGERPRINT_LEN, Fingerprint};
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
/// What is where in the images, of those that have a fingerprint.
const FINGERPRINTS: &str = "fingerprints";
/// Embeddings by the tuned tail.
const TUNED: &str = "tuned";
/// What heads said of the training images that had not learned from them.
const LEFT_OUT: &str = "left_out";

/// Everything in a project that is not a tensor.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document<'a> {
    weights_sha256: Cow<'a, str>,
    views: Views,
    #[serde(default)]
    features: FeatureSet,
    backend: BackendKind,
    dataset: StoredDataset<'a>,
    head: Option<Cow<'a, HeadDescription>>,
    provenance: Option<Cow<'a, Provenance>>,
    /// What is not worked out anew with it.
    #[serde(default)]
    measured: Option<Cow<'a, Measured>>,
    /// Whether there is a tensor of this name.
    left_out: bool,
    /// Whether there is a tensor of this name, and a tuned tail.
    #[serde(default)]
    tuned: bool,
    /// For readers of the file; it is worked out anew when the project is opened.
    report: Option<serde_json::Value>,
}

/// What a project file is made from.
pub(crate) struct ProjectFile<'a> {
    /// SHA-256 of the weights file that made the embeddings.
    pub weights_sha256: &'a str,
    pub views: Views,
    pub features: FeatureSet,
    /// How many numbers an embedding has.
    pub embedding_len: usize,
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
    pub measured: Measured,
    /// Logits `[judged, classes]` of heads that had not learned from the image.
    pub left_out: Option<&'a [f32]>,
    /// The tail that was tuned with it.
    pub tail: Option<&'a TailWeights>,
}

impl ProjectFile<'_> {
    pub fn write(&self) -> Checked<Vec<u8>> {
        let samples = self.dataset.samples();
        let embeddings = samples.iter().flat_map(|sample| &sample.embedding);
        let fingerprints = self.dataset.fingerprints();
        let fingerprint_shape = [fingerprints.clone().count(), FINGERPRINT_LEN];
        let bytes = fingerprints.flat_map(Fingerprint::to_bytes);
        let shape = [samples.len(), self.embedding_len];
        let mut tensors = vec![
            RawTensor::u8(FINGERPRINTS, &fingerprint_shape, bytes),
            RawTensor::f32(EMBEDDINGS, &shape, embeddings),
        ];
        let mut document = Document {
            weights_sha256: self.weights_sha256.into(),
            views: self.views,
            features: self.features,
            backend: self.backend,
            dataset: self.dataset.stored(),
            head: None,
            provenance: None,
            measured: None,
            left_out: false,
            tuned: false,
            report: self.report.as_ref().map(tensor_file::value).transpose()?,
        };
        if let Some(trained) = &self.head {
            tensors.extend(trained.head.tensors());
            document.head = Some(Cow::Borrowed(&trained.head.description));
            document.provenance = Some(Cow::Borrowed(trained.provenance));
            document.measured = Some(Cow::Borrowed(&trained.measured));
            if let Some(logits) = trained.left_out {
                let shape = [trained.provenance.judged().len(), trained.head.classes()];
                tensors.push(RawTensor::f32(LEFT_OUT, &shape, logits));
                document.left_out = true;
            }
            if let Some(tail) = trained.tail {
                let images = trained.provenance.images();
                let shape = [images.clone().count(), tail.features()];
                let values = images.flat_map(|index| &samples[index].tuned[self.embedding_len..]);
                tensors.push(RawTensor::f32(TUNED, &shape, values));
                tensors.extend(tail.tensors());
                document.tuned = true;
            }
        }
        let metadata = vec![
            ("format", FORMAT.into()),
            ("version", VERSION.into()),
            (DOCUMENT, tensor_file::json(&document)?),
        ];
        tensor_file::write(tensors, metadata)
    }

    /// The SHA-256 of the weights that the project goes with, and the project.
    pub(super) fn read(
        file: &TensorFile,
        network: &Description,
        is_first: bool,
    ) -> Checked<(String, Restored)> {
        let document: Document = file.json(DOCUMENT)?;
        let rows = rows(network, document.features, is_first);
        let mut names = vec![EMBEDDINGS];
        if !is_first {
            names.push(FINGERPRINTS);
        }
        if document.head.is_some() {
            names.extend([WEIGHT, BIAS]);
        }
        if document.left_out {
            names.push(LEFT_OUT);
        }
        if document.tuned {
            names.push(TUNED);
        }
        check_names(file, names, document.tuned)?;
        let shape = [document.dataset.len(), rows.stored];
        let embeddings = rows.widen(&file.f32s(EMBEDDINGS, &shape)?);
        let fingerprints = match is_first {
            true if document.dataset.fingerprinted() > 0 => {
                return Err(Problem::corrupt("an image of version 1 has a fingerprint"));
            }
            true => Vec::new(),
            false => {
                let shape = [document.dataset.fingerprinted(), FINGERPRINT_LEN];
                file.u8s(FINGERPRINTS, &shape)?
            }
        };
        let features = rows.layout.len();
        let mut dataset = Dataset::restore(document.dataset, features, &embeddings, &fingerprints)
            .map_err(Problem::Corrupt)?;
        if rows.missing() > 0 {
            dataset.outdate();
        }
        let head = match (document.head, document.provenance) {
            (Some(description), Some(provenance)) => {
                let tail = match document.tuned {
                    true => Some(TailWeights::read(file, network)?),
                    false => None,
                };
                let description = description.into_owned();
                let head = StoredHead::read(file, description, &rows, tail.as_ref())?;
                let mut provenance = provenance.into_owned();
                if is_first {
                    provenance.leave_out_every_fold();
                }
                let measured = document.measured.map(Cow::into_owned).unwrap_or_default();
                provenance::check(&provenance, &dataset, &head.description.labels)
                    .map_err(Problem::Corrupt)?;
                provenance::check_measured(&measured, &provenance).map_err(Problem::Corrupt)?;
                if let Some(tail) = &tail {
                    let of_tail = tail.features();
                    let values = file.f32s(TUNED, &[provenance.images().count(), of_tail])?;
                    let rows = provenance.images().zip(values.chunks_exact(of_tail));
                    dataset.set_tuned(rows);
                }
                let left_out = document
                    .left_out
                    .then(|| file.f32s(LEFT_OUT, &[provenance.judged().len(), head.classes()]))
                    .transpose()?;
                Some(RestoredHead {
                    head,
                    left_out,
                    provenance,
                    measured,
                    tail,
                })
            }
            (None, None) if !document.left_out && !document.tuned => None,
            _ => {
                return Err(Problem::corrupt(
                    "head, provenance, leftOut and tuned do not go together",
                ));
            }
        };
        let restored = Restored {
            views: document.views,
            features: document.features,
            dataset,
            head,
        };
        Ok((document.weights_sha256.into_owned(), restored))
    }
}
