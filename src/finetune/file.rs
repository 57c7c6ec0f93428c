//! What a task's file and an outcome's have in common.

use crate::head::Head;
use crate::tensor_file::{Checked, Problem, RawTensor, TensorFile};

/// Weights `[features, classes]`.
const WEIGHT: &str = "head.weight";
/// Biases `[classes]`.
const BIAS: &str = "head.bias";

/// A head's tensors.
pub(super) struct HeadTensors<'a>(&'a Head);

impl<'a> HeadTensors<'a> {
    pub fn of(head: &'a Head) -> Self {
        Self(head)
    }

    pub fn tensors(&self) -> [RawTensor<'a>; 2] {
        let Self(head) = self;
        let classes = head.labels().len();
        [
            RawTensor::f32(WEIGHT, &[head.features(), classes], head.weights()),
            RawTensor::f32(BIAS, &[classes], head.biases()),
        ]
    }

    pub fn read(file: &TensorFile, labels: Vec<String>) -> Checked<Head> {
        let biases = file.f32s(BIAS, &[labels.len()])?;
        let features = file.rows(WEIGHT)?;
        let weights = file.f32s(WEIGHT, &[features, labels.len()])?;
        Ok(Head::from_weights(labels, weights, biases))
    }
}

/// A file of a format that never leaves the program that made it, and so has no version.
pub(super) fn parse<'a>(bytes: &'a [u8], format: &'static str) -> Checked<TensorFile<'a>> {
    let file = TensorFile::parse(bytes)?;
    match file.text("format")? {
        found if found == format => Ok(file),
        found => Err(Problem::corrupt(format!("it is a {found}, not a {format}"))),
    }
}
