//! The network in WGSL, on burn's WebGPU device: its buffers, its queue, its memory pools.
//!
//! burn's own operators serve any network; these serve this one. The thirteen 3×3 convolutions of stride 1,
//! 83 % of the work, are Winograd's F(4×4, 3×3), so that a quarter of the products is left; the others
//! gather their inputs into columns. Both come down to products of matrices, which have one kernel for
//! graphics processors and one for software. Biases, shortcuts and ReLUs are part of what stores a result.
//!
//! Between layers a map is `[channels, images · height · width]`, rows padded to whole tiles, so that products read
//! and write it as it is.

mod convolution;
mod gpu;
mod kernel;
mod shaders;

use burn::tensor::Device;

use super::engine::Features;
use super::layers::{self, BLOCKS, STAGE_CHANNELS};
use super::weights::Int8Layers;
use super::{EMBEDDING_LEN, FEATURE_MAP_LEN, FEATURE_MAP_SIDE};
use crate::Result;
use crate::image::INPUT_LEN;
use convolution::{Convolution, Finish, Input, Role};
use gpu::{Buffer, Gpu};
use kernel::Kernel;
use shaders::{Row, Tiling, pool};

/// The side of the stem's output.
const STEM_SIDE: usize = 112;
/// What is compared layer by layer.
const STAGES: [&str; 5] = ["maxpool", "layer1", "layer2", "layer3", "layer4"];
/// The side of the pooled map, which the first stage keeps.
const POOLED_SIDE: usize = 56;

/// The frozen network on a WebGPU device.
#[derive(Debug)]
pub struct Network {
    gpu: Gpu,
    row: Row,
    stem: Convolution,
    max_pool: Kernel,
    stages: Vec<Vec<Block>>,
    mean: Kernel,
}

/// Two convolutions and a shortcut.
#[derive(Debug)]
struct Block {
    conv1: Convolution,
    conv2: Convolution,
    downsample: Option<Convolution>,
}

/// A map on the device: `[channels, images · side · side]`, rows padded.
#[derive(Debug, Clone)]
struct Map {
    values: Buffer,
    channels: usize,
    side: usize,
}

/// A stage's output, for comparing layer by layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// torchvision's name of the layer.
    pub name: String,
    /// `[N, channels, side, side]`
    pub values: Vec<f32>,
}

impl Network {
    /// Uploads the weights, a layer after the other. `software`: whether the adapter is a processor that plays
    /// graphics device.
    ///
    /// The transformed weights, integers of 16 bits, take 76 MB on the device.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when a layer is missing or has another shape; `WEBGPU_UNAVAILABLE` for a device that is none
    /// of WebGPU's.
    pub fn load(weights: &impl Int8Layers, device: &Device, software: bool) -> Result<Self> {
        let gpu = Gpu::of(device)?;
        let tiling = Tiling::for_adapter(software);
        let row = tiling.row();
        let load = |layer: &layers::ConvLayer, side_out: usize, input, finish| {
            let weights = weights.conv_int8(layer)?;
            let role = Role {
                side: side_out * layer.stride,
                input,
                finish,
            };
            Ok(Convolution::load(&gpu, layer, weights, role, tiling))
        };
        let stage = |index: usize| -> Result<Vec<Block>> {
            let side = POOLED_SIDE >> index;
            let block = |block: usize| {
                let (conv1, conv2, downsample) = layers::block(index, block);
                let load =
                    |layer: &layers::ConvLayer, finish| load(layer, side, Input::Map, finish);
                Ok(Block {
                    conv1: load(&conv1, Finish::Relu)?,
                    conv2: load(&conv2, Finish::ShortcutRelu)?,
                    downsample: downsample
                        .map(|layer| load(&layer, Finish::Plain))
                        .transpose()?,
                })
            };
            (0..BLOCKS).map(block).collect()
        };
        let stages = (0..STAGE_CHANNELS.len()).map(stage);
        Ok(Self {
            stem: load(&layers::stem(), STEM_SIDE, Input::Crops, Finish::Relu)?,
            max_pool: pool::max(row, STEM_SIDE).into(),
            stages: stages.collect::<Result<_>>()?,
            mean: pool::mean(row, EMBEDDING_LEN, FEATURE_MAP_SIDE.pow(2)).into(),
            row,
            gpu,
        })
    }

    /// Takes a blank crop through the network and waits for nothing, so that the kernels are compiled by the time
    /// that they are wanted.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    pub fn warm_up(&self) -> Result<()> {
        self.launch(&[0; INPUT_LEN])?;
        self.gpu.flush()
    }

    /// Crops `[N, 224, 224, 3]`, RGB bytes → embeddings, and feature maps where wanted.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn run(&self, crops: &[u8], maps: bool) -> Result<Features> {
        let [embeddings, feature_maps] = self.launch(crops)?;
        let mut wanted = vec![embeddings];
        if maps {
            wanted.push(feature_maps);
        }
        let mut results = self.gpu.read(wanted).await?.into_iter();
        Ok(Features {
            embeddings: results.next().unwrap_or_default(),
            maps: results.next().unwrap_or_default(),
        })
    }

    /// Has the device compute the embeddings and the feature maps of crops.
    fn launch(&self, crops: &[u8]) -> Result<[Buffer; 2]> {
        let images = crops.len() / INPUT_LEN;
        let count = self.gpu.upload(vec![images as u32]);
        let last = self.forward(crops, &count, 1, |_, _| Ok(()))?;
        let feature_maps = self.gpu.empty(images * FEATURE_MAP_LEN);
        let embeddings = self.gpu.empty(images * EMBEDDING_LEN);
        self.gpu.launch(
            &self.mean,
            [images * EMBEDDING_LEN, 1],
            &[&last.values, &feature_maps, &embeddings, &count],
        );
        Ok([embeddings, feature_maps])
    }

    /// What each stage puts out for crops `[N, 224, 224, 3]`: `maxpool` and `layer1` to `layer4`.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn stages(&self, crops: &[u8]) -> Result<Vec<Stage>> {
        let images = crops.len() / INPUT_LEN;
        let count = self.gpu.upload(vec![images as u32]);
        let mut maps = Vec::new();
        self.forward(crops, &count, 1, |name, map| {
            if STAGES.contains(&name) {
                maps.push((name.to_owned(), map.clone()));
            }
            Ok(())
        })?;
        let mut stages = Vec::with_capacity(maps.len());
        for (name, map) in maps {
            let padded = self.gpu.read(vec![map.values]).await?.concat();
            let area = map.side * map.side;
            let row = padded.len() / map.channels;
            let values = (0..images * map.channels).flat_map(|place| {
                let (image, channel) = (place / map.channels, place % map.channels);
                padded[channel * row + image * area..][..area]
                    .iter()
                    .copied()
            });
            let values = values.collect();
            stages.push(Stage { name, values });
        }
        Ok(stages)
    }

    /// How long each layer takes for crops `[N, 224, 224, 3]`, in seconds, on average over `repeats`: the name of what
    /// it puts out, and the time.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    #[cfg(not(target_family = "wasm"))]
    pub fn profile(&self, crops: &[u8], repeats: usize) -> Result<Vec<(String, f64)>> {
        let count = self.gpu.upload(vec![(crops.len() / INPUT_LEN) as u32]);
        let mut times = Vec::new();
        self.gpu.wait()?;
        let mut last = std::time::Instant::now();
        self.forward(crops, &count, repeats, |name, _| {
            self.gpu.wait()?;
            let took = last.elapsed().as_secs_f64() / repeats as f64;
            times.push((name.to_owned(), took));
            last = std::time::Instant::now();
            Ok(())
        })?;
        Ok(times)
    }

    /// The last map. Each layer runs `repeats` times, and `tell` is told what it puts out.
    fn forward(
        &self,
        crops: &[u8],
        count: &Buffer,
        repeats: usize,
        mut tell: impl FnMut(&str, &Map) -> Result<()>,
    ) -> Result<Map> {
        let images = crops.len() / INPUT_LEN;
        let bytes = Map {
            values: self.gpu.upload_bytes(crops),
            channels: 3,
            side: 2 * STEM_SIDE,
        };
        let run = |layer: &Convolution, input: &Map, shortcut: Option<&Map>| {
            for _ in 1..repeats {
                layer.run(&self.gpu, images, count, input, shortcut);
            }
            layer.run(&self.gpu, images, count, input, shortcut)
        };
        let stem = run(&self.stem, &bytes, None);
        tell("conv1", &stem)?;
        let outputs = images * POOLED_SIDE * POOLED_SIDE;
        let mut x = Map {
            values: self.gpu.empty(stem.channels * self.row.padded(outputs)),
            channels: stem.channels,
            side: POOLED_SIDE,
        };
        self.gpu.launch(
            &self.max_pool,
            [outputs, stem.channels],
            &[&stem.values, &x.values, count],
        );
        tell(STAGES[0], &x)?;
        for (stage, name) in self.stages.iter().zip(&STAGES[1..]) {
            for (index, block) in stage.iter().enumerate() {
                let part = |part: &str| format!("{name}.{index}.{part}");
                let hidden = run(&block.conv1, &x, None);
                tell(&part("conv1"), &hidden)?;
                let shortcut = match &block.downsample {
                    Some(downsample) => {
                        let shortcut = run(downsample, &x, None);
                        tell(&part("downsample.0"), &shortcut)?;
                        shortcut
                    }
                    None => x,
                };
                x = run(&block.conv2, &hidden, Some(&shortcut));
                tell(&part("conv2"), &x)?;
            }
            tell(name, &x)?;
        }
        Ok(x)
    }
}
