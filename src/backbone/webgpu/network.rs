//! The network on the device.

use burn::tensor::Device;

use super::convolution::{Convolution, Map};
use super::gpu::{Buffer, Gpu};
use super::plan::{Block, Layers, NetworkPlan, PoolPlan};
use super::shaders::{Operand, Shader, Tiling};
use crate::Result;
use crate::backbone::weights::Int8Layers;
use crate::backbone::{Features, Layout};
use crate::image::{INPUT_LEN, INPUT_SIDE};

/// What is compared layer by layer.
const STAGES: [&str; 5] = ["maxpool", "layer1", "layer2", "layer3", "layer4"];

/// The frozen network on a WebGPU device.
#[derive(Debug)]
pub struct Network {
    gpu: Gpu,
    layers: Layers<Convolution>,
    max_pool: PoolPlan,
    means: Vec<Shader>,
    layout: Layout,
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
            means: plan.means,
            layout: plan.layout,
            gpu,
        })
    }

    /// Takes a blank crop through the network and waits for nothing, so that the kernels are compiled by the time
    /// that they are wanted.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    pub fn warm_up(&self) -> Result<()> {
        self.launch(&[0; INPUT_LEN], false)?;
        self.gpu.flush()
    }

    /// Crops `[N, 224, 224, 3]`, RGB bytes → embeddings, and the maps that they are the means of where wanted.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn run(&self, crops: &[u8], maps: bool) -> Result<Features> {
        let (embeddings, stages) = self.launch(crops, maps)?;
        let images = crops.len() / INPUT_LEN;
        let mut wanted = vec![embeddings];
        wanted.extend(stages.iter().map(|map| map.values.clone()));
        let mut results = self.gpu.read(wanted).await?.into_iter();
        let embeddings = results.next().unwrap_or_default();
        let maps: Vec<(&Map, Vec<f32>)> = stages.iter().zip(results).collect();
        let of_image = |image| {
            let maps = maps.iter();
            maps.flat_map(move |(map, padded)| map.of_image(padded, image))
        };
        Ok(Features {
            embeddings,
            maps: (0..images).flat_map(of_image).collect(),
        })
    }

    /// Has the device compute the embeddings of crops, and keep the map of each stage where wanted.
    fn launch(&self, crops: &[u8], keep: bool) -> Result<(Buffer, Vec<Map>)> {
        let images = crops.len() / INPUT_LEN;
        let count = self.gpu.upload(vec![images as u32]);
        let embeddings = self.gpu.empty(images * self.layout.len());
        let mut maps = Vec::new();
        self.forward(crops, &count, 1, |name, map| {
            let stages = self.layout.stages().iter().zip(&self.means);
            for (_, mean) in stages.filter(|(stage, _)| stage.name == name) {
                let buffers = [
                    (Operand::Input, &map.values),
                    (Operand::Embeddings, &embeddings),
                    (Operand::Images, &count),
                ];
                self.gpu.launch(mean, images, &buffers);
                maps.extend(keep.then(|| map.clone()));
            }
            Ok(())
        })?;
        Ok((embeddings, maps))
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
            let padded = self.gpu.read(vec![map.values.clone()]).await?.concat();
            let values = (0..images).flat_map(|image| map.of_image(&padded, image));
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
