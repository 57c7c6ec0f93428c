//! The weights of a network's tail: its own, or those that training has left.

use super::network::{Block, ConvLayer, Cut, Description, Stage};
use super::weights::{Int8Layers, Int8Weights, int8};
use crate::tensor_file::{self, Checked, RawTensor, TensorFile};
use crate::{Error, Result};

/// What a layer's name has before it in a file that holds other things too.
const PREFIX: &str = "tail.";

/// A tail's convolutions with their weights.
#[derive(Debug, Clone, PartialEq)]
pub struct TailWeights {
    cut: Cut,
    features: usize,
    layers: Vec<(ConvLayer, Int8Weights)>,
}

impl TailWeights {
    /// Of a network, from its convolutions' weights: each block's in order, its shortcut's last.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for weights of another number of convolutions or of other shapes.
    pub fn new(network: &Description, cut: Cut, weights: Vec<Int8Weights>) -> Result<Self> {
        let stages = network.tail(cut);
        let layers: Vec<&ConvLayer> = layers(&stages).collect();
        let fits = |(layer, weights): (&&ConvLayer, &Int8Weights)| {
            weights.weight.len() == layer.shape().iter().product::<usize>()
                && weights.scale.len() == layer.channels_out
                && weights.bias.len() == layer.channels_out
        };
        if layers.len() != weights.len() || !layers.iter().zip(&weights).all(fits) {
            let problem = format!("these are not the {} convolutions of it", layers.len());
            return Err(Error::invalid("tail", problem));
        }
        Ok(Self {
            cut,
            features: features(&stages),
            layers: layers.into_iter().cloned().zip(weights).collect(),
        })
    }

    /// Where it begins.
    pub fn cut(&self) -> Cut {
        self.cut
    }

    /// How many features it gives.
    pub fn features(&self) -> usize {
        self.features
    }

    /// Its convolutions, each with its weights.
    pub fn layers(&self) -> &[(ConvLayer, Int8Weights)] {
        &self.layers
    }

    /// Of a network, from its own weights.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when a layer is missing or has another shape.
    pub(super) fn of(network: &Description, weights: &impl Int8Layers) -> Result<Self> {
        let mut tail = Self::empty(network);
        for layer in layers(&network.tail(network.cut)) {
            tail.layers.push((layer.clone(), weights.conv_int8(layer)?));
        }
        Ok(tail)
    }

    fn empty(network: &Description) -> Self {
        Self {
            cut: network.cut,
            features: features(&network.tail(network.cut)),
            layers: Vec::new(),
        }
    }

    /// What a file has of it: for each layer `X` the tensors `tail.X.weight`, `tail.X.scale` and `tail.X.bias`.
    pub(crate) fn tensors(&self) -> Vec<RawTensor<'_>> {
        let mut tensors = Vec::with_capacity(3 * self.layers.len());
        for (layer, weights) in &self.layers {
            let name = |part: &str| format!("{PREFIX}{}.{part}", layer.name);
            let channels = [layer.channels_out];
            tensors.push(RawTensor::i8(
                name("weight"),
                &layer.shape(),
                &weights.weight,
            ));
            tensors.push(RawTensor::f32(name("scale"), &channels, &weights.scale));
            tensors.push(RawTensor::f32(name("bias"), &channels, &weights.bias));
        }
        tensors
    }

    /// It alone as a safetensors file.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when it cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        tensor_file::write(self.tensors(), Vec::new()).map_err(Error::finetuning)
    }

    /// The tail of a network in a file that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for another file.
    pub fn from_bytes(bytes: &[u8], network: &Description) -> Result<Self> {
        let file = TensorFile::parse(bytes);
        file.and_then(|file| Self::read(&file, network))
            .map_err(Error::finetuning)
    }

    /// Whether a tensor of this name is a tail's.
    pub(crate) fn is_part(name: &str) -> bool {
        name.starts_with(PREFIX)
    }

    /// Out of a file, for a network.
    ///
    /// # Errors
    /// What is wrong, naming the tensor.
    pub(crate) fn read(file: &TensorFile, network: &Description) -> Checked<Self> {
        let mut tail = Self::empty(network);
        for layer in layers(&network.tail(network.cut)) {
            let weights = int8(file, &format!("{PREFIX}{}", layer.name), &layer.shape())?;
            tail.layers.push((layer.clone(), weights));
        }
        Ok(tail)
    }
}

impl Int8Layers for TailWeights {
    fn conv_int8(&self, layer: &ConvLayer) -> Result<Int8Weights> {
        let found = self.layers.iter().find(|(other, _)| other == layer);
        found
            .map(|(_, weights)| weights.clone())
            .ok_or_else(|| Error::invalid("tail", format!("it has no layer {}", layer.name)))
    }
}

/// A tail's convolutions: each block's in order, its shortcut's last.
fn layers(stages: &[Stage<ConvLayer>]) -> impl Iterator<Item = &ConvLayer> {
    let blocks = stages.iter().flat_map(|stage| &stage.blocks);
    blocks.flat_map(Block::convolutions)
}

fn features(stages: &[Stage<ConvLayer>]) -> usize {
    stages.iter().map(Stage::channels_out).sum()
}
