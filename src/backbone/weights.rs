//! The quantized weights file: an ordinary safetensors file.
//!
//! For each convolution `X` of [`layers`](super::layers): `X.weight` (I8, `[out, in, k, k]`),
//! `X.scale` (F32, `[out]`) and `X.bias` (F32, `[out]`); the real weight is `weight · scale`. The
//! original classifier `fc` is kept in the same way, with a weight of `[1000, 512]`. The metadata names
//! the format, its version, the scheme and the SHA-256 of the checkpoint.

use std::collections::{BTreeSet, HashMap};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensorError, SafeTensors};

use super::layers::{ConvLayer, IMAGENET_CLASSES, convolutions};
use super::resnet::EMBEDDING_LEN;
use crate::{Error, Result};

/// The metadata's `format`.
pub const FORMAT: &str = "headstart-resnet18";
/// The metadata's `version`: what this crate reads and writes.
pub const VERSION: &str = "1";
/// torchvision's name of the original classifier.
pub(crate) const CLASSIFIER: &str = "fc";
/// Its weight's shape.
pub(crate) const CLASSIFIER_SHAPE: [usize; 2] = [IMAGENET_CLASSES, EMBEDDING_LEN];

/// A layer's real-valued weights.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// Row-major, in the layer's shape.
    pub weight: Vec<f32>,
    /// One per output channel.
    pub bias: Vec<f32>,
}

/// Where the network's weights come from.
pub trait Weights {
    /// A convolution with its batch norm folded in.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when the layer is missing or has another shape.
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights>;
    /// The original classifier: weight `[1000, 512]`, bias `[1000]`.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when it is missing or has another shape.
    fn classifier(&self) -> Result<LayerWeights>;
}

/// A quantized file, checked in full and not copied.
#[derive(Debug)]
pub struct QuantizedWeights<'a> {
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> QuantizedWeights<'a> {
    /// Checks the bytes of a quantized file: format, version, every tensor's name, type and shape, and
    /// that every scale, bias and classifier weight is finite.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` or `WEIGHTS_UNSUPPORTED`, naming what is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::corrupt("it is empty"));
        }
        if bytes.trim_ascii_start().first() == Some(&b'<') {
            return Err(Error::corrupt(
                "it is a web page, not weights; the address is probably wrong",
            ));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| unreadable(&error))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| unreadable(&error))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let weights = Self { tensors, metadata };
        weights.check_version()?;
        weights.check_names()?;
        for layer in convolutions() {
            weights.check_layer(&layer.name, &layer.shape())?;
        }
        weights.check_layer(CLASSIFIER, &CLASSIFIER_SHAPE)?;
        Ok(weights)
    }

    /// SHA-256 of the checkpoint that the file was made from, in hex, if the file says so.
    pub fn source_sha256(&self) -> Option<&str> {
        self.metadata.get("source_sha256").map(String::as_str)
    }

    fn check_version(&self) -> Result<()> {
        let unsupported = |problem: String| Error::WeightsUnsupported { problem };
        match self.metadata.get("format").map(String::as_str) {
            Some(FORMAT) => {}
            Some(other) => {
                return Err(unsupported(format!(
                    "its format is \"{other}\", not \"{FORMAT}\""
                )));
            }
            None => {
                return Err(unsupported(
                    "it is a safetensors file, but not a quantized ResNet18 of Headstart".into(),
                ));
            }
        }
        match self.metadata.get("version").map(String::as_str) {
            Some(VERSION) => Ok(()),
            other => Err(unsupported(format!(
                "its format version is {}, and this program reads version {VERSION}",
                other.unwrap_or("not given")
            ))),
        }
    }

    fn check_names(&self) -> Result<()> {
        let expected: BTreeSet<String> = convolutions()
            .iter()
            .map(|layer| layer.name.as_str())
            .chain([CLASSIFIER])
            .flat_map(|name| ["weight", "scale", "bias"].map(|part| format!("{name}.{part}")))
            .collect();
        let present: BTreeSet<String> = self.tensors.names().into_iter().map(Into::into).collect();
        if let Some(name) = expected.difference(&present).next() {
            return Err(Error::corrupt(format!("the tensor {name} is missing")));
        }
        if let Some(name) = present.difference(&expected).next() {
            return Err(Error::corrupt(format!("the tensor {name} is not expected")));
        }
        Ok(())
    }

    fn check_layer(&self, name: &str, shape: &[usize]) -> Result<()> {
        self.view(&format!("{name}.weight"), Dtype::I8, shape)?;
        self.f32s(&format!("{name}.bias"), &shape[..1])?;
        let scale = format!("{name}.scale");
        if self.f32s(&scale, &shape[..1])?.iter().any(|&s| s <= 0.0) {
            return Err(Error::corrupt(format!(
                "the tensor {scale} holds a scale that is not positive"
            )));
        }
        Ok(())
    }

    fn dequantize(&self, name: &str, shape: &[usize]) -> Result<LayerWeights> {
        let scale = self.f32s(&format!("{name}.scale"), &shape[..1])?;
        let quantized = self.view(&format!("{name}.weight"), Dtype::I8, shape)?;
        let weight = quantized
            .data()
            .chunks_exact(shape[1..].iter().product())
            .zip(&scale)
            .flat_map(|(channel, &scale)| {
                channel
                    .iter()
                    .map(move |&value| f32::from(value as i8) * scale)
            })
            .collect();
        Ok(LayerWeights {
            weight,
            bias: self.f32s(&format!("{name}.bias"), &shape[..1])?,
        })
    }

    fn view(&self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<TensorView<'_>> {
        let view = self
            .tensors
            .tensor(name)
            .map_err(|_| Error::corrupt(format!("the tensor {name} is missing")))?;
        if view.dtype() != dtype {
            return Err(Error::corrupt(format!(
                "the tensor {name} is {:?}, not {dtype:?}",
                view.dtype()
            )));
        }
        if view.shape() != shape {
            return Err(Error::corrupt(format!(
                "the tensor {name} has the shape {:?}, not {shape:?}",
                view.shape()
            )));
        }
        Ok(view)
    }

    fn f32s(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let values = f32_values(self.view(name, Dtype::F32, shape)?.data());
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::corrupt(format!(
                "the tensor {name} holds a value that is not finite"
            )));
        }
        Ok(values)
    }
}

impl Weights for QuantizedWeights<'_> {
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights> {
        self.dequantize(&layer.name, &layer.shape())
    }

    fn classifier(&self) -> Result<LayerWeights> {
        self.dequantize(CLASSIFIER, &CLASSIFIER_SHAPE)
    }
}

/// Little-endian f32 values of a safetensors buffer.
pub(crate) fn f32_values(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect()
}

fn unreadable(error: &SafeTensorError) -> Error {
    use SafeTensorError::{
        HeaderTooLarge, HeaderTooSmall, InvalidHeaderLength, MetadataIncompleteBuffer,
    };
    Error::corrupt(match error {
        HeaderTooSmall | InvalidHeaderLength | MetadataIncompleteBuffer => {
            "it is cut short or not a safetensors file".to_string()
        }
        HeaderTooLarge => "it is not a safetensors file".to_string(),
        other => format!("its header is damaged ({other})"),
    })
}
