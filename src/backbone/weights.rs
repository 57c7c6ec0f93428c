//! The quantized weights file: an ordinary safetensors file.
//!
//! For each convolution `X` of the [`network`](super::network): `X.weight` (I8, `[out, in, k, k]`),
//! `X.scale` (F32, `[out]`) and `X.bias` (F32, `[out]`); the real weight is `weight · scale`. The
//! original classifier `fc` is kept in the same way, with a weight of `[1000, 512]`. The metadata names
//! the format, its version, the scheme and the SHA-256 of the checkpoint.

use std::collections::BTreeSet;

use safetensors::tensor::Dtype;

use super::network::{Classifier, ConvLayer, Description};
use crate::tensor_file::{Checked, Problem, TensorFile};
use crate::{Error, Result};

/// The metadata's `format`.
pub const FORMAT: &str = "headstart-resnet18";
/// The metadata's `version`: what this crate reads and writes.
pub const VERSION: &str = "1";

/// A layer's real-valued weights.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// Row-major, in the layer's shape.
    pub weight: Vec<f32>,
    /// One per output channel.
    pub bias: Vec<f32>,
}

/// A layer's weights as the file holds them: the real weight is `weight · scale`.
#[derive(Debug, Clone, PartialEq)]
pub struct Int8Weights {
    /// Row-major, in the layer's shape.
    pub weight: Vec<i8>,
    /// One per output channel, finite and positive.
    pub scale: Vec<f32>,
    /// One per output channel.
    pub bias: Vec<f32>,
}

impl Int8Weights {
    /// The weights that the network will compute with.
    pub fn dequantize(&self) -> LayerWeights {
        let per_channel = self.weight.len() / self.scale.len();
        let channels = self.weight.chunks_exact(per_channel).zip(&self.scale);
        LayerWeights {
            weight: channels
                .flat_map(|(channel, &scale)| channel.iter().map(move |&q| f32::from(q) * scale))
                .collect(),
            bias: self.bias.clone(),
        }
    }
}

/// Where the network's weights come from.
pub trait Weights {
    /// A convolution with its batch norm folded in.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when the layer is missing or has another shape.
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights>;
    /// The network's own classifier: weight `[classes, features]`, bias `[classes]`.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when it is missing or has another shape.
    fn classifier(&self, classifier: &Classifier) -> Result<LayerWeights>;
}

/// Where the network's weights come from in 8 bits, as kernels take them.
pub trait Int8Layers {
    /// A convolution with its batch norm folded in.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when the layer is missing or has another shape.
    fn conv_int8(&self, layer: &ConvLayer) -> Result<Int8Weights>;
}

/// A quantized file, checked in full and not copied.
#[derive(Debug)]
pub struct QuantizedWeights<'a>(TensorFile<'a>);

impl<'a> QuantizedWeights<'a> {
    /// Checks the bytes of a quantized file: format, version, every tensor's name, type and shape, and
    /// that every scale, bias and classifier weight is finite.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` or `WEIGHTS_UNSUPPORTED`, naming what is wrong.
    pub fn parse(bytes: &'a [u8]) -> Result<Self> {
        Self::check(bytes).map_err(Error::weights)
    }

    fn check(bytes: &'a [u8]) -> Checked<Self> {
        if bytes.trim_ascii_start().first() == Some(&b'<') {
            return Err(Problem::corrupt(
                "it is a web page, not weights; the address is probably wrong",
            ));
        }
        let weights = Self(TensorFile::parse(bytes)?);
        let kind = "a quantized ResNet18 of Headstart";
        weights.0.format(&[FORMAT], &[VERSION], kind)?;
        let network = Description::resnet18();
        weights.0.check_names(&tensor_names(&network))?;
        for layer in network.convolutions() {
            weights.check_layer(&layer.name, &layer.shape())?;
        }
        let classifier = network.classifier;
        weights.check_layer(classifier.name, &classifier.shape())?;
        Ok(weights)
    }

    /// SHA-256 of the checkpoint that the file was made from, in hex, if the file says so.
    pub fn source_sha256(&self) -> Option<&str> {
        self.0.metadata("source_sha256")
    }

    fn check_layer(&self, name: &str, shape: &[usize]) -> Checked<()> {
        check_layer(&self.0, name, shape).map(|_| ())
    }

    fn int8(&self, name: &str, shape: &[usize]) -> Checked<Int8Weights> {
        int8(&self.0, name, shape)
    }
}

/// A layer in a file: `name.weight`, `name.scale` and `name.bias`.
///
/// # Errors
/// What is wrong, naming the tensor.
pub(super) fn int8(file: &TensorFile, name: &str, shape: &[usize]) -> Checked<Int8Weights> {
    let [scale, bias] = check_layer(file, name, shape)?;
    let quantized = file.view(&format!("{name}.weight"), Dtype::I8, shape)?;
    Ok(Int8Weights {
        weight: quantized.data().iter().map(|&value| value as i8).collect(),
        scale,
        bias,
    })
}

/// Its scales and biases, where all of it is as it should be.
fn check_layer(file: &TensorFile, name: &str, shape: &[usize]) -> Checked<[Vec<f32>; 2]> {
    file.view(&format!("{name}.weight"), Dtype::I8, shape)?;
    let bias = file.f32s(&format!("{name}.bias"), &shape[..1])?;
    let name = format!("{name}.scale");
    let scale = file.f32s(&name, &shape[..1])?;
    if scale.iter().any(|&scale| scale <= 0.0) {
        let problem = format!("the tensor {name} holds a scale that is not positive");
        return Err(Problem::corrupt(problem));
    }
    Ok([scale, bias])
}

impl Weights for QuantizedWeights<'_> {
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights> {
        Ok(self.conv_int8(layer)?.dequantize())
    }

    fn classifier(&self, classifier: &Classifier) -> Result<LayerWeights> {
        let int8 = self.int8(classifier.name, &classifier.shape());
        let int8 = int8.map_err(Error::weights)?;
        Ok(int8.dequantize())
    }
}

impl Int8Layers for QuantizedWeights<'_> {
    fn conv_int8(&self, layer: &ConvLayer) -> Result<Int8Weights> {
        let int8 = self.int8(&layer.name, &layer.shape());
        int8.map_err(Error::weights)
    }
}

/// Every tensor of a quantized file.
fn tensor_names(network: &Description) -> BTreeSet<String> {
    let layers = network.convolutions().map(|layer| layer.name.as_str());
    layers
        .chain([network.classifier.name])
        .flat_map(|name| ["weight", "scale", "bias"].map(|part| format!("{name}.{part}")))
        .collect()
}
