//! The network by burn's own operators: the reference for the kernels.

use std::convert::Infallible;

use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Initializer, Linear, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use super::engine::Features;
use super::network::{
    Activation, ConvLayer, Cut, Description, Epilogue, Operations, Stage, forward, through_trunk,
};
use super::trunk::TrunkView;
use super::weights::{LayerWeights, Weights};
use crate::image::{INPUT_LEN, INPUT_SIDE, normalize_into};
use crate::{Error, Result};

/// The frozen network.
///
/// ```no_run
/// # use headstart::{backbone::{Reference, network::Description, weights::QuantizedWeights}, device};
/// # fn main() -> headstart::Result<()> {
/// let bytes = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
/// let (description, device) = (Description::resnet18(), device::cpu());
/// let network = Reference::load(&description, &QuantizedWeights::parse(&bytes)?, &device)?;
/// let image = burn::tensor::Tensor::zeros([1, 3, 224, 224], &device);
/// assert_eq!(network.features(image).dims(), [1, 512]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Reference {
    stem: Conv2d,
    max_pool: MaxPool2d,
    stages: Vec<Stage<Conv2d>>,
    classifier: Linear,
}

/// burn's operators.
struct Burn;

impl Operations for Burn {
    type Convolution = Conv2d;
    type Map = Tensor<4>;
    type Error = Infallible;

    fn convolve(
        &mut self,
        convolution: &Conv2d,
        input: &Tensor<4>,
        epilogue: Epilogue<Tensor<4>>,
    ) -> std::result::Result<Tensor<4>, Infallible> {
        let sums = convolution.forward(input.clone());
        let sums = match epilogue.shortcut {
            Some(shortcut) => sums + shortcut.clone(),
            None => sums,
        };
        Ok(match epilogue.activation {
            Activation::Identity => sums,
            Activation::Relu => relu(sums),
        })
    }
}

impl Reference {
    /// Builds the network on `device`, one layer's weights at a time.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when a layer is missing or has another shape.
    pub fn load(
        description: &Description,
        weights: &impl Weights,
        device: &Device,
    ) -> Result<Self> {
        let convolution = |layer: &ConvLayer| Ok(convolution(layer, weights.conv(layer)?, device));
        let stages = description.stages.iter();
        Ok(Self {
            stem: convolution(&description.stem)?,
            max_pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            stages: stages
                .map(|stage| stage.try_map(convolution))
                .collect::<Result<_>>()?,
            classifier: classifier(description, weights, device)?,
        })
    }

    /// Crops `[N, 224, 224, 3]` → embeddings, and feature maps where wanted.
    pub(super) async fn run(&self, crops: &[u8], maps: bool, device: &Device) -> Result<Features> {
        let inputs = inputs(crops, device);
        let images = inputs.dims()[0];
        // The first is what comes out of the stem.
        let stages: Vec<Tensor<4>> = self.stages(inputs).into_iter().skip(1).collect();
        let means = stages.iter().cloned().map(Self::pool).collect();
        let embeddings = read(Tensor::cat(means, 1)).await?;
        let maps = match maps {
            true => {
                let rows = stages.into_iter();
                let rows = rows.map(|map| map.reshape([images as isize, -1])).collect();
                read(Tensor::<2>::cat(rows, 1)).await?
            }
            false => Vec::new(),
        };
        Ok(Features { embeddings, maps })
    }

    /// Crops `[N, 224, 224, 3]` → what the trunk says of each.
    pub(super) async fn trunk(&self, crops: &[u8], cut: Cut, device: &Device) -> Result<Vec<u8>> {
        let map = self
            .max_pool
            .forward(relu(self.stem.forward(inputs(crops, device))));
        let Ok(map) = through_trunk(&mut Burn, &self.stages, cut, map);
        let mut bytes = Vec::new();
        TrunkView::append(read(map).await?.into_iter(), &mut bytes);
        Ok(bytes)
    }

    /// The means of the last stage's maps: `[N, 3, 224, 224]` → `[N, 512]`.
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        Self::pool(self.feature_map(images))
    }

    /// The last feature map: `[N, 3, 224, 224]` → `[N, 512, 7, 7]`.
    pub fn feature_map(&self, images: Tensor<4>) -> Tensor<4> {
        self.through_stages(images, |_| ())
    }

    /// The means of maps: `[N, channels, side, side]` → `[N, channels]`.
    pub fn pool(maps: Tensor<4>) -> Tensor<2> {
        let [images, channels, ..] = maps.dims();
        maps.mean_dims(&[2, 3]).reshape([images, channels])
    }

    /// The logits of the network's own classes: `[N, 3, 224, 224]` → `[N, 1000]`.
    pub fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.classifier.forward(self.features(images))
    }

    /// What comes out of the stem and of every stage for `[N, 3, 224, 224]`, `[N, channels, side, side]` each.
    pub fn stages(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut maps = Vec::new();
        self.through_stages(images, |map| maps.push(map.clone()));
        maps
    }

    fn through_stages(&self, images: Tensor<4>, mut show: impl FnMut(&Tensor<4>)) -> Tensor<4> {
        let map = self.max_pool.forward(relu(self.stem.forward(images)));
        show(&map);
        let Ok(last) = forward(&mut Burn, &self.stages, map, &mut |_, map| {
            show(map);
            Ok(())
        });
        last
    }
}

/// Crops as the network takes them, `[N, 3, 224, 224]`.
fn inputs(crops: &[u8], device: &Device) -> Tensor<4> {
    let mut inputs = Vec::with_capacity(crops.len());
    for crop in crops.chunks_exact(INPUT_LEN) {
        normalize_into(crop, &mut inputs);
    }
    let shape = [crops.len() / INPUT_LEN, 3, INPUT_SIDE, INPUT_SIDE];
    Tensor::from_data(TensorData::new(inputs, shape), device)
}

/// Reads a tensor back without blocking: a synchronous read panics on WebGPU in a browser.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(Error::device)?;
    data.try_into_vec::<f32>().map_err(Error::device)
}

/// A convolution with these weights.
fn convolution(layer: &ConvLayer, values: LayerWeights, device: &Device) -> Conv2d {
    let padding = layer.kernel / 2;
    let mut conv = Conv2dConfig::new(
        [layer.channels_in, layer.channels_out],
        [layer.kernel, layer.kernel],
    )
    .with_stride([layer.stride, layer.stride])
    .with_padding(PaddingConfig2d::Explicit(
        padding, padding, padding, padding,
    ))
    .with_bias(false)
    .with_initializer(Initializer::Zeros)
    .init(device);
    conv.weight = frozen(values.weight, layer.shape(), device);
    conv.bias = Some(frozen(values.bias, [layer.channels_out], device));
    conv
}

fn classifier(
    description: &Description,
    weights: &impl Weights,
    device: &Device,
) -> Result<Linear> {
    let classifier = &description.classifier;
    let values = weights.classifier(classifier)?;
    // torch keeps [out, in], burn [in, out].
    let data = TensorData::new(values.weight, classifier.shape());
    let weight = Tensor::<2>::from_data(data, device).transpose();
    Ok(Linear {
        weight: Param::from_tensor(weight).set_require_grad(false),
        bias: Some(frozen(values.bias, [classifier.classes], device)),
    })
}

fn frozen<const D: usize>(
    values: Vec<f32>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    let tensor = Tensor::from_data(TensorData::new(values, shape), device);
    Param::from_tensor(tensor).set_require_grad(false)
}
