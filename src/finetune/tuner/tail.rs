//! The part of the network that learns, and the head on it, in burn.

use std::convert::Infallible;

use burn::module::{Module, Param};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use super::convolution::{Window, convolution};
use crate::Error;
use crate::backbone::network::{Activation, ConvLayer, Epilogue, Operations, Stage, forward};
use crate::backbone::weights::LayerWeights;
use crate::head::Head;

/// Convolutions and a head that learn together.
#[derive(Module, Debug)]
pub struct Tail {
    convolutions: Vec<Convolution>,
    /// `[features, classes]`
    weight: Param<Tensor<2>>,
    /// `[1, classes]`
    bias: Param<Tensor<2>>,
}

/// A convolution with its batch norm folded in.
#[derive(Module, Debug)]
struct Convolution {
    weight: Param<Tensor<4>>,
    /// `[out, 1, 1, 1]`
    bias: Param<Tensor<4>>,
}

/// How the convolutions of a tail follow one another, each by its place among them.
#[derive(Debug, Clone)]
pub struct Shape {
    stages: Vec<Stage<(usize, Window)>>,
    layers: Vec<ConvLayer>,
}

impl Shape {
    /// Of stages as they are described.
    pub fn new(stages: &[Stage<ConvLayer>]) -> Self {
        let mut layers = Vec::new();
        let mut place = |layer: &ConvLayer| {
            layers.push(layer.clone());
            let window = Window {
                kernel: layer.kernel,
                stride: layer.stride,
            };
            Ok((layers.len() - 1, window))
        };
        let stages = stages.iter().map(|stage| stage.try_map(&mut place));
        let Ok(stages) = stages.collect::<Result<_, Infallible>>();
        Self { stages, layers }
    }

    /// How many features a tail gives: the means of its stages' maps.
    pub fn features(&self) -> usize {
        let last = |stage: &Stage<(usize, Window)>| {
            let step = stage.blocks.last().and_then(|block| block.steps.last());
            step.map_or(0, |step| self.layers[step.convolution.0].channels_out)
        };
        self.stages.iter().map(last).sum()
    }
}

impl Tail {
    /// With these weights, of as many convolutions as the shape has.
    pub fn new(shape: &Shape, weights: Vec<LayerWeights>, head: &Head, device: &Device) -> Self {
        let layers = shape.layers.iter().zip(weights);
        let convolutions = layers.map(|(layer, weights)| Convolution {
            weight: parameter(weights.weight, layer.shape(), device),
            bias: parameter(weights.bias, [layer.channels_out, 1, 1, 1], device),
        });
        let classes = head.labels().len();
        let shape = [head.features(), classes];
        Self {
            convolutions: convolutions.collect(),
            weight: parameter(head.weights().to_vec(), shape, device),
            bias: parameter(head.biases().to_vec(), [1, classes], device),
        }
    }

    /// The means of its stages' maps: maps `[channels, images, side, side]` → `[images, features]`.
    pub fn features(&self, shape: &Shape, maps: Tensor<4>) -> Tensor<2> {
        let mut means = Vec::new();
        let Ok(_) = forward(&mut Burn(self), &shape.stages, maps, &mut |_, map| {
            let [channels, images, ..] = map.dims();
            let mean = map.clone().mean_dims(&[2, 3]);
            means.push(mean.reshape([channels, images]).transpose());
            Ok(())
        });
        Tensor::cat(means, 1)
    }

    /// Logits `[images, classes]` of features `[images, features]`.
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        features.matmul(self.weight.val()) + self.bias.val()
    }

    /// Its convolutions' weights.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    pub async fn weights(&self) -> crate::Result<Vec<LayerWeights>> {
        let mut layers = Vec::with_capacity(self.convolutions.len());
        for convolution in &self.convolutions {
            layers.push(LayerWeights {
                weight: read(convolution.weight.val()).await?,
                bias: read(convolution.bias.val()).await?,
            });
        }
        Ok(layers)
    }

    /// The head's weights and biases.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    pub async fn head(&self) -> crate::Result<[Vec<f32>; 2]> {
        Ok([read(self.weight.val()).await?, read(self.bias.val()).await?])
    }
}

/// Reads a tensor back without blocking.
///
/// # Errors
/// `DEVICE_LOST`.
pub async fn read<const D: usize>(tensor: Tensor<D>) -> crate::Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(Error::device)?;
    data.try_into_vec().map_err(Error::device)
}

fn parameter<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}

/// burn's operators, and the convolutions that it is extended by.
struct Burn<'a>(&'a Tail);

impl Operations for Burn<'_> {
    type Convolution = (usize, Window);
    type Map = Tensor<4>;
    type Error = Infallible;

    fn convolve(
        &mut self,
        &(place, window): &(usize, Window),
        input: &Tensor<4>,
        epilogue: Epilogue<Tensor<4>>,
    ) -> Result<Tensor<4>, Infallible> {
        let Convolution { weight, bias } = &self.0.convolutions[place];
        let mut sums = convolution(input.clone(), weight.val(), window) + bias.val();
        if let Some(shortcut) = epilogue.shortcut {
            sums = sums + shortcut.clone();
        }
        Ok(match epilogue.activation {
            Activation::Identity => sums,
            Activation::Relu => relu(sums),
        })
    }
}
