//! ResNet18 in burn, with torchvision's field names. Batch norm lives in the convolutions.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{Initializer, Linear, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};

use super::engine::Features;
use super::layers::{self, BLOCKS, ConvLayer, IMAGENET_CLASSES};
use super::weights::{CLASSIFIER_SHAPE, LayerWeights, Weights};
use crate::image::{INPUT_LEN, INPUT_SIDE, normalize_into};
use crate::{Error, Result};

/// The frozen network.
///
/// ```no_run
/// # use headstart::{backbone::{ResNet18, weights::QuantizedWeights}, device};
/// # fn main() -> headstart::Result<()> {
/// let bytes = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
/// let device = device::cpu();
/// let network = ResNet18::load(&QuantizedWeights::parse(&bytes)?, &device)?;
/// let image = burn::tensor::Tensor::zeros([1, 3, 224, 224], &device);
/// assert_eq!(network.features(image).dims(), [1, 512]);
/// # Ok(()) }
/// ```
#[derive(Module, Debug)]
pub struct ResNet18 {
    conv1: Conv2d,
    maxpool: MaxPool2d,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    avgpool: AdaptiveAvgPool2d,
    fc: Linear,
}

/// Two 3×3 convolutions and a shortcut.
#[derive(Module, Debug)]
struct BasicBlock {
    conv1: Conv2d,
    conv2: Conv2d,
    downsample: Option<Conv2d>,
}

/// What each stage puts out, for comparing layer by layer.
#[derive(Debug, Clone)]
pub struct Stages {
    /// `[N, 64, 56, 56]`
    pub maxpool: Tensor<4>,
    /// `[N, 64, 56, 56]`, `[N, 128, 28, 28]`, `[N, 256, 14, 14]`, `[N, 512, 7, 7]`
    pub layers: [Tensor<4>; 4],
}

impl ResNet18 {
    /// Builds the network on `device`, one layer's weights at a time.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when a layer is missing or has another shape.
    pub fn load(weights: &impl Weights, device: &Device) -> Result<Self> {
        let stage = |index: usize| -> Result<Vec<BasicBlock>> {
            (0..BLOCKS)
                .map(|block| BasicBlock::load(index, block, weights, device))
                .collect()
        };
        Ok(Self {
            conv1: conv(&layers::stem(), weights, device)?,
            maxpool: max_pool(),
            layer1: stage(0)?,
            layer2: stage(1)?,
            layer3: stage(2)?,
            layer4: stage(3)?,
            avgpool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            fc: classifier(weights, device)?,
        })
    }

    /// Crops `[N, 224, 224, 3]` → embeddings, and feature maps where wanted.
    pub(super) async fn run(&self, crops: &[u8], maps: bool, device: &Device) -> Result<Features> {
        let mut inputs = Vec::with_capacity(crops.len());
        for crop in crops.chunks_exact(INPUT_LEN) {
            normalize_into(crop, &mut inputs);
        }
        let shape = [crops.len() / INPUT_LEN, 3, INPUT_SIDE, INPUT_SIDE];
        let inputs = Tensor::from_data(TensorData::new(inputs, shape), device);
        let images = inputs.dims()[0];
        let layers = self.stages(inputs).layers;
        let means = layers.clone().map(|map| self.pool(map));
        let embeddings = read(Tensor::cat(means.into(), 1)).await?;
        let maps = match maps {
            true => {
                let rows = layers.map(|map| map.reshape([images as isize, -1]));
                read(Tensor::<2>::cat(rows.into(), 1)).await?
            }
            false => Vec::new(),
        };
        Ok(Features { embeddings, maps })
    }

    /// Embeddings: `[N, 3, 224, 224]` → `[N, 512]`.
    pub fn features(&self, images: Tensor<4>) -> Tensor<2> {
        self.pool(self.feature_map(images))
    }

    /// The last feature map: `[N, 3, 224, 224]` → `[N, 512, 7, 7]`.
    pub fn feature_map(&self, images: Tensor<4>) -> Tensor<4> {
        let [_, _, _, layer4] = self.stages(images).layers;
        layer4
    }

    /// Embeddings of a feature map: `[N, 512, 7, 7]` → `[N, 512]`.
    pub fn pool(&self, feature_map: Tensor<4>) -> Tensor<2> {
        self.avgpool.forward(feature_map).flatten(1, 3)
    }

    /// The logits of the 1,000 ImageNet classes: `[N, 3, 224, 224]` → `[N, 1000]`.
    pub fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        self.fc.forward(self.features(images))
    }

    /// Every stage's output for `[N, 3, 224, 224]`.
    pub fn stages(&self, images: Tensor<4>) -> Stages {
        let maxpool = self.maxpool.forward(relu(self.conv1.forward(images)));
        let run = |blocks: &[BasicBlock], input: Tensor<4>| {
            blocks.iter().fold(input, |x, block| block.forward(x))
        };
        let layer1 = run(&self.layer1, maxpool.clone());
        let layer2 = run(&self.layer2, layer1.clone());
        let layer3 = run(&self.layer3, layer2.clone());
        let layer4 = run(&self.layer4, layer3.clone());
        Stages {
            maxpool,
            layers: [layer1, layer2, layer3, layer4],
        }
    }
}

impl BasicBlock {
    fn load(stage: usize, block: usize, weights: &impl Weights, device: &Device) -> Result<Self> {
        let (conv1, conv2, downsample) = layers::block(stage, block);
        Ok(Self {
            conv1: conv(&conv1, weights, device)?,
            conv2: conv(&conv2, weights, device)?,
            downsample: downsample
                .map(|layer| conv(&layer, weights, device))
                .transpose()?,
        })
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let shortcut = match &self.downsample {
            Some(downsample) => downsample.forward(input.clone()),
            None => input.clone(),
        };
        let x = relu(self.conv1.forward(input));
        relu(self.conv2.forward(x) + shortcut)
    }
}

/// Reads a tensor back without blocking: a synchronous read panics on WebGPU in a browser.
async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(Error::device)?;
    data.try_into_vec::<f32>().map_err(Error::device)
}

fn conv(layer: &ConvLayer, weights: &impl Weights, device: &Device) -> Result<Conv2d> {
    Ok(convolution(layer, weights.conv(layer)?, device))
}

/// What follows the stem.
fn max_pool() -> MaxPool2d {
    MaxPool2dConfig::new([3, 3])
        .with_strides([2, 2])
        .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
        .init()
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

fn classifier(weights: &impl Weights, device: &Device) -> Result<Linear> {
    let values = weights.classifier()?;
    // torch keeps [out, in], burn [in, out].
    let weight = Tensor::<2>::from_data(TensorData::new(values.weight, CLASSIFIER_SHAPE), device)
        .transpose();
    Ok(Linear {
        weight: Param::from_tensor(weight).set_require_grad(false),
        bias: Some(frozen(values.bias, [IMAGENET_CLASSES], device)),
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
