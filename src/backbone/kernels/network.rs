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
use crate::backbone::{Features, Layout};
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
/// let features = network.features(&[0; 224 * 224 * 3], false);
/// assert_eq!(features.embeddings.len(), 64 + 128 + 256 + 512);
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

    /// Crops `[N, 224, 224, 3]` → embeddings, and the maps that they are the means of where wanted.
    pub fn features(&self, crops: &[u8], maps: bool) -> Features {
        let layout = Layout::resnet18();
        let images = crops.len() / INPUT_LEN;
        let mut features = Features {
            embeddings: vec![0.0; images * layout.len()],
            maps: vec![0.0; if maps { images * layout.maps_len() } else { 0 }],
        };
        // Where the stage's part of an image begins, and the first of the images on the way.
        let (mut feature, mut place, mut first) = (0, 0, 0);
        self.run(crops, |stage, activations, size| {
            let Some(stage) = stage.checked_sub(1).map(|index| &layout.stages()[index]) else {
                return;
            };
            let of_images = activations.chunks_exact(stage.map_len());
            for (image, activations) in (first..).zip(of_images) {
                let means = &mut features.embeddings[image * layout.len() + feature..];
                mean(activations, &mut means[..stage.channels]);
                if maps {
                    let map = &mut features.maps[image * layout.maps_len() + place..];
                    put_channels_first(activations, &mut map[..stage.map_len()], stage.area());
                }
            }
            feature += stage.channels;
            place += stage.map_len();
            if feature == layout.len() {
                (feature, place) = (0, 0);
                first += size.images;
            }
        });
        features
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

/// The mean over all places of a map `[height, width, channels]`.
fn mean(map: &[f32], means: &mut [f32]) {
    for pixel in map.chunks_exact(means.len()) {
        for (sum, value) in means.iter_mut().zip(pixel) {
            *sum += value;
        }
    }
    let share = means.len() as f32 / map.len() as f32;
    means.iter_mut().for_each(|sum| *sum *= share);
}

/// `[images, height, width, channels]` → `[images, channels, height, width]`, appended.
fn append_channels_first(activations: &[f32], size: Size, to: &mut Vec<f32>) {
    let image = activations.len() / size.images.max(1);
    let start = to.len();
    to.resize(start + activations.len(), 0.0);
    let images = activations.chunks_exact(image.max(1));
    for (from, to) in images.zip(to[start..].chunks_exact_mut(image.max(1))) {
        put_channels_first(from, to, size.height * size.width);
    }
}

/// `[places, channels]` → `[channels, places]`.
fn put_channels_first(map: &[f32], to: &mut [f32], places: usize) {
    let channels = map.len() / places;
    for (channel, to) in to.chunks_exact_mut(places).enumerate() {
        for (to, from) in to.iter_mut().zip(map[channel..].iter().step_by(channels)) {
            *to = *from;
        }
    }
}
