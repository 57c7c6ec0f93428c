//! ResNet18's layers, one after the other.

use std::mem::swap;

use super::convolution::{Convolution, Workspace};
use super::epilogue::Epilogue;
use super::pool::max_pool;
use super::shape::Size;
use super::stem::{HALVED_SIDE, Stem};
use crate::Result;
use crate::backbone::layers::{self, BLOCKS, ConvLayer, STAGE_CHANNELS};
use crate::backbone::weights::Int8Layers;
use crate::backbone::{EMBEDDING_LEN, FEATURE_MAP_LEN};
use crate::image::INPUT_LEN;

/// Images that go through the network together: more would need more memory and gain nothing.
const CHUNK: usize = 8;

/// The frozen network.
///
/// ```no_run
/// # use headstart::backbone::{kernels::Network, weights::QuantizedWeights};
/// # fn main() -> headstart::Result<()> {
/// let bytes = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
/// let network = Network::load(&QuantizedWeights::parse(&bytes)?)?;
/// let maps = network.feature_maps(&[0; 224 * 224 * 3]);
/// assert_eq!(Network::pool(&maps).len(), 512);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    stem: Stem,
    stages: Vec<Vec<BasicBlock>>,
}

/// Two 3×3 convolutions and a shortcut.
#[derive(Debug, Clone)]
struct BasicBlock {
    conv1: Convolution,
    conv2: Convolution,
    downsample: Option<Convolution>,
}

/// What each stage puts out, for comparing layer by layer.
#[derive(Debug, Clone, Default)]
pub struct Stages {
    /// `[N, 64, 56, 56]`
    pub maxpool: Vec<f32>,
    /// `[N, 64, 56, 56]`, `[N, 128, 28, 28]`, `[N, 256, 14, 14]`, `[N, 512, 7, 7]`
    pub layers: [Vec<f32>; 4],
}

/// What one layer leaves to the next.
#[derive(Default)]
struct Buffers {
    workspace: Workspace,
    /// Input, and in the end output, of a block.
    activations: Vec<f32>,
    /// Between a block's convolutions.
    between: Vec<f32>,
    shortcut: Vec<f32>,
    output: Vec<f32>,
}

impl Network {
    /// Takes in the network, one layer's weights at a time.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when a layer is missing or has another shape.
    pub fn load(weights: &impl Int8Layers) -> Result<Self> {
        let stem = weights.conv_int8(&layers::stem())?;
        let stage = |stage: usize| -> Result<Vec<BasicBlock>> {
            (0..BLOCKS)
                .map(|block| BasicBlock::load(stage, block, weights))
                .collect()
        };
        Ok(Self {
            stem: Stem::new(stem),
            stages: (0..STAGE_CHANNELS.len())
                .map(stage)
                .collect::<Result<_>>()?,
        })
    }

    /// Crops `[N, 224, 224, 3]` → the last feature maps, `[N, 512, 7, 7]`.
    pub fn feature_maps(&self, crops: &[u8]) -> Vec<f32> {
        let mut maps = Vec::with_capacity(crops.len() / INPUT_LEN * FEATURE_MAP_LEN);
        self.run(crops, |stage, activations, size| {
            if stage == STAGE_CHANNELS.len() {
                append_channels_first(activations, size, &mut maps);
            }
        });
        maps
    }

    /// The embeddings of feature maps, their means over all places: `[N, 512, 7, 7]` → `[N, 512]`.
    pub fn pool(feature_maps: &[f32]) -> Vec<f32> {
        let places = FEATURE_MAP_LEN / EMBEDDING_LEN;
        let mean = |channel: &[f32]| channel.iter().sum::<f32>() / places as f32;
        feature_maps.chunks_exact(places).map(mean).collect()
    }

    /// Every stage's output for crops `[N, 224, 224, 3]`.
    pub fn stages(&self, crops: &[u8]) -> Stages {
        let mut stages = Stages::default();
        self.run(crops, |stage, activations, size| {
            match stage.checked_sub(1) {
                None => append_channels_first(activations, size, &mut stages.maxpool),
                Some(layer) => {
                    let to = &mut stages.layers[layer];
                    append_channels_first(activations, size, to);
                }
            }
        });
        stages
    }

    /// Shows what comes out of the stem, as stage 0, and of each stage after it.
    fn run(&self, crops: &[u8], mut show: impl FnMut(usize, &[f32], Size)) {
        let mut buffers = Buffers::default();
        for crops in crops.chunks(CHUNK * INPUT_LEN) {
            let mut size = self.run_stem(crops, &mut buffers);
            show(0, &buffers.activations, size);
            for (index, blocks) in self.stages.iter().enumerate() {
                for block in blocks {
                    size = block.run(size, &mut buffers);
                }
                show(index + 1, &buffers.activations, size);
            }
        }
    }

    /// The stem and the pooling after it. One image at a time: what lies between is large.
    fn run_stem(&self, crops: &[u8], buffers: &mut Buffers) -> Size {
        let mut size = Size {
            images: 1,
            height: HALVED_SIDE,
            width: HALVED_SIDE,
        };
        buffers.activations.clear();
        for crop in crops.chunks_exact(INPUT_LEN) {
            let stem = &mut buffers.output;
            self.stem.run(crop, &mut buffers.workspace, stem);
            max_pool(stem, size, STAGE_CHANNELS[0], &mut buffers.activations);
        }
        size.images = crops.len() / INPUT_LEN;
        size.strided(2)
    }
}

impl BasicBlock {
    fn load(stage: usize, block: usize, weights: &impl Int8Layers) -> Result<Self> {
        let (conv1, conv2, downsample) = layers::block(stage, block);
        let convolution = |layer: &ConvLayer| -> Result<Convolution> {
            let weights = weights.conv_int8(layer)?;
            Ok(Convolution::new(weights, layer.kernel, layer.stride))
        };
        Ok(Self {
            conv1: convolution(&conv1)?,
            conv2: convolution(&conv2)?,
            downsample: downsample.as_ref().map(convolution).transpose()?,
        })
    }

    /// Takes the activations through the block; the output's size.
    fn run(&self, size: Size, buffers: &mut Buffers) -> Size {
        let Buffers {
            workspace,
            activations,
            between,
            shortcut,
            output,
        } = buffers;
        let relu = Epilogue {
            relu: true,
            shortcut: None,
        };
        self.conv1.run(activations, size, relu, workspace, between);
        let added = match &self.downsample {
            Some(downsample) => {
                downsample.run(activations, size, Epilogue::default(), workspace, shortcut);
                &*shortcut
            }
            None => &*activations,
        };
        let size = self.conv1.output_size(size);
        let epilogue = Epilogue {
            shortcut: Some(added),
            relu: true,
        };
        self.conv2.run(between, size, epilogue, workspace, output);
        swap(activations, output);
        size
    }
}

/// `[images, height, width, channels]` → `[images, channels, height, width]`, appended.
fn append_channels_first(activations: &[f32], size: Size, to: &mut Vec<f32>) {
    let channels = activations.len() / size.pixels().max(1);
    for image in activations.chunks_exact(channels * size.height * size.width) {
        for channel in 0..channels {
            to.extend(image[channel..].iter().step_by(channels));
        }
    }
}
