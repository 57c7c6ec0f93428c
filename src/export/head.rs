//! A head in a file: torch's `nn.Linear` under the names that torchvision's ResNet18 has for it.

use serde::{Deserialize, Serialize};

use super::{Measured, Restored, RestoredHead, Rows, VERSION, check_names, rows};
use crate::Error;
use crate::backbone::network::Description;
use crate::backbone::{FeatureSet, TailWeights};
use crate::dataset::{Dataset, check_labels};
use crate::evaluation::Provenance;
use crate::head::{Fitted, Head, HeadSummary, LeftOut};
use crate::image::Views;
use crate::tensor_file::{self, Checked, Problem, RawTensor, TensorFile};

/// The metadata's `format`.
pub(super) const FORMAT: &str = "headstart-head";
/// torchvision's name of the weights.
pub(super) const WEIGHT: &str = "fc.weight";
/// torchvision's name of the biases.
pub(super) const BIAS: &str = "fc.bias";

/// What is to be known of a head besides its weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HeadDescription {
    /// The classes, in the order of the weights' rows.
    pub labels: Vec<String>,
    /// What logits are divided by before they become probabilities.
    pub temperature: f64,
    /// How it came about.
    pub summary: HeadSummary,
    /// On how many images its temperature was fitted.
    pub calibrated_on: usize,
}

/// A head as a file has it.
#[derive(Debug)]
pub(crate) struct StoredHead {
    pub description: HeadDescription,
    /// `[classes, features]`, as torch keeps it; [`Head`] has it the other way round.
    weight: Vec<f32>,
    /// `[classes]`
    bias: Vec<f32>,
}

impl StoredHead {
    /// What a file has of a fitted head.
    pub fn of(fitted: &Fitted) -> Self {
        let head = &fitted.head;
        let labels = head.labels();
        Self {
            weight: transposed(head.weights(), labels.len()),
            bias: head.biases().to_vec(),
            description: HeadDescription {
                labels: labels.to_vec(),
                temperature: head.temperature(),
                summary: fitted.summary.clone(),
                calibrated_on: fitted.calibrated_on,
            },
        }
    }

    /// The head that the file tells of.
    pub fn into_fitted(self, left_out: Option<LeftOut>) -> Fitted {
        let HeadDescription {
            labels,
            temperature,
            summary,
            calibrated_on,
        } = self.description;
        let weight = transposed(&self.weight, self.weight.len() / labels.len());
        let head = Head::from_weights(labels, weight, self.bias);
        Fitted {
            head: head.calibrated(temperature),
            summary,
            calibrated_on,
            left_out,
            learning_curve: Vec::new(),
        }
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.description.labels.len()
    }

    pub(super) fn tensors(&self) -> [RawTensor<'_>; 2] {
        let classes = self.classes();
        let features = self.weight.len() / classes;
        [
            RawTensor::f32(WEIGHT, &[classes, features], &self.weight),
            RawTensor::f32(BIAS, &[classes], &self.bias),
        ]
    }

    pub(super) fn read(
        file: &TensorFile,
        description: HeadDescription,
        rows: &Rows,
        tuned: Option<&TailWeights>,
    ) -> Checked<Self> {
        let labels = &description.labels;
        check_labels("the head's classes", labels).map_err(Problem::Corrupt)?;
        if labels.len() < 2 {
            return Err(Problem::corrupt("the head has fewer than two classes"));
        }
        let not_positive = |value: f64| !(value > 0.0 && value.is_finite());
        if not_positive(description.temperature) {
            return Err(Problem::corrupt("the head's temperature is not positive"));
        }
        if description.summary.l2 != 0.0 && not_positive(description.summary.l2) {
            return Err(Problem::corrupt("the head's L2 penalty is negative"));
        }
        Ok(Self {
            weight: match tuned {
                // Files with a tuned tail are of this version, and lack nothing.
                Some(tail) => {
                    let features = rows.stored + tail.features();
                    file.f32s(WEIGHT, &[labels.len(), features])?
                }
                None => rows.widen(&file.f32s(WEIGHT, &[labels.len(), rows.stored])?),
            },
            bias: file.f32s(BIAS, &[labels.len()])?,
            description,
        })
    }
}

/// A file with a head alone.
pub(crate) struct HeadFile<'a> {
    /// SHA-256 of the weights file whose embeddings the head takes.
    pub weights_sha256: &'a str,
    pub views: Views,
    pub features: FeatureSet,
    pub head: StoredHead,
    /// The tail that was tuned with it.
    pub tail: Option<&'a TailWeights>,
}

impl HeadFile<'_> {
    pub fn write(&self) -> Checked<Vec<u8>> {
        let description = &self.head.description;
        let metadata = vec![
            ("format", FORMAT.into()),
            ("version", VERSION.into()),
            ("weights_sha256", self.weights_sha256.into()),
            ("views", self.views.to_string()),
            ("features", self.features.to_string()),
            ("labels", tensor_file::json(&description.labels)?),
            ("temperature", tensor_file::json(&description.temperature)?),
            ("summary", tensor_file::json(&description.summary)?),
            (
                "calibrated_on",
                tensor_file::json(&description.calibrated_on)?,
            ),
        ];
        let mut tensors = Vec::from(self.head.tensors());
        tensors.extend(self.tail.iter().flat_map(|tail| tail.tensors()));
        tensor_file::write(tensors, metadata)
    }

    /// The SHA-256 of the weights that the head goes with, and the head with no images.
    pub(super) fn read(
        file: &TensorFile,
        network: &Description,
        is_first: bool,
    ) -> Checked<(String, Restored)> {
        let is_tuned = file.names().any(TailWeights::is_part);
        check_names(file, [WEIGHT, BIAS], is_tuned)?;
        let corrupt = |error: Error| Problem::Corrupt(error.to_string());
        let features = match is_first {
            true => FeatureSet::All,
            false => file.text("features")?.parse().map_err(corrupt)?,
        };
        let rows = rows(network, features, is_first);
        let description = HeadDescription {
            labels: file.json("labels")?,
            temperature: file.json("temperature")?,
            summary: file.json("summary")?,
            calibrated_on: file.json("calibrated_on")?,
        };
        let tail = match is_tuned {
            true => Some(TailWeights::read(file, network)?),
            false => None,
        };
        let restored = Restored {
            views: file.text("views")?.parse().map_err(corrupt)?,
            features,
            dataset: Dataset::new(rows.layout.len()),
            head: Some(RestoredHead {
                head: StoredHead::read(file, description, &rows, tail.as_ref())?,
                left_out: None,
                provenance: Provenance::default(),
                measured: Measured::default(),
                tail,
            }),
        };
        Ok((file.text("weights_sha256")?.into(), restored))
    }
}

/// `[rows, columns]` from `[columns, rows]`, where `rows` is given.
fn transposed(values: &[f32], rows: usize) -> Vec<f32> {
    let column = |row: usize| values.iter().skip(row).step_by(rows).copied();
    (0..rows).flat_map(column).collect()
}
