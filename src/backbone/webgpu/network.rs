//! The network on the device.

use burn::tensor::Device;

use super::convolution::{Convolution, Map};
use super::gpu::{Buffer, Gpu};
use super::plan::{Block, Layers, NetworkPlan, PoolPlan};
use super::shaders::{Operand, Shader, Tiling};
use crate::Result;
use crate::backbone::engine::Features;
use crate::backbone::weights::Int8Layers;
use crate::backbone::{EMBEDDING_LEN, FEATURE_MAP_LEN};
use crate::image::{INPUT_LEN, INPUT_SIDE};

/// What is compared layer by layer.
const STAGES: [&str; 5] = ["maxpool", "layer1", "layer2", "layer3", "layer4"];

/// The frozen network on a WebGPU device.
#[derive(Debug)]
pub struct Network {
    gpu: Gpu,
    layers: Layers<Convolution>,
    max_pool: PoolPlan,
    mean: Shader,
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
        let plan = NetworkPlan::new(Tiling::for_adapter(software));
        let layers = plan.layers.try_map(|plan| {
            let weights = weights.conv_int8(&plan.layer)?;
            Ok(Convolution::load(&gpu, plan, weights))
        })?;
        Ok(Self {
            layers,
            max_pool: plan.max_pool,
            mean: plan.mean,
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
        let buffers = [
            (Operand::Input, &last.values),
            (Operand::Output, &feature_maps),
            (Operand::Embeddings, &embeddings),
            (Operand::Images, &count),
        ];
        self.gpu.launch(&self.mean, images, &buffers);
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
            side: INPUT_SIDE,
        };
        let run = |layer: &Convolution, input: &Map, shortcut: Option<&Map>| {
            for _ in 1..repeats {
                layer.run(&self.gpu, images, count, input, shortcut);
            }
            layer.run(&self.gpu, images, count, input, shortcut)
        };
        let stem = run(&self.layers.stem, &bytes, None);
        tell("conv1", &stem)?;
        let mut x = Map {
            values: self.gpu.empty(self.max_pool.output(images)),
            channels: self.max_pool.channels,
            side: self.max_pool.side_out,
        };
        let buffers = [
            (Operand::Input, &stem.values),
            (Operand::Output, &x.values),
            (Operand::Images, count),
        ];
        self.gpu.launch(&self.max_pool.shader, images, &buffers);
        tell(STAGES[0], &x)?;
        for (stage, name) in self.layers.stages.iter().zip(&STAGES[1..]) {
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

impl<C> Layers<C> {
    /// What comes of each, or the first error.
    fn try_map<D>(self, mut map: impl FnMut(C) -> Result<D>) -> Result<Layers<D>> {
        let stem = map(self.stem)?;
        let mut block = |block: Block<C>| {
            Ok(Block {
                conv1: map(block.conv1)?,
                conv2: map(block.conv2)?,
                downsample: block.downsample.map(&mut map).transpose()?,
            })
        };
        let mut stage = |blocks: Vec<Block<C>>| blocks.into_iter().map(&mut block).collect();
        let stages = self.stages.into_iter().map(&mut stage);
        Ok(Layers {
            stem,
            stages: stages.collect::<Result<_>>()?,
        })
    }
}
