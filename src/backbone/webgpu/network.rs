//! The network on the device.

use std::sync::Arc;

use burn::tensor::Device;

use super::convolution::{Convolution, Map};
use super::gpu::{Buffer, Gpu};
use super::plan::{ConvolutionPlan, NetworkPlan, PoolPlan, means};
use super::shaders::{Operand, Shader, Tiling};
use crate::backbone::network::{
    Cut, Description, Epilogue, Operations, STEM, SecondTail, Show, Stage, StageOutput,
    forward_with_tail, tail, through_trunk,
};
use crate::backbone::tail::TailWeights;
use crate::backbone::trunk::TrunkView;
use crate::backbone::weights::Int8Layers;
use crate::backbone::{Features, Layout};
use crate::image::{INPUT_LEN, INPUT_SIDE};
use crate::{Error, Result};

/// The frozen network on a WebGPU device.
#[derive(Debug, Clone)]
pub struct Network {
    gpu: Gpu,
    stem: Convolution,
    max_pool: PoolPlan,
    /// The same ones as those of the network with a second tail.
    stages: Vec<Stage<Arc<Convolution>>>,
    tail: Option<SecondTail<Arc<Convolution>>>,
    means: Vec<Shader>,
    layout: Layout,
    tiling: Tiling,
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
    pub fn load(
        network: &Description,
        weights: &impl Int8Layers,
        device: &Device,
        software: bool,
    ) -> Result<Self> {
        let gpu = Gpu::of(device)?;
        let tiling = Tiling::for_adapter(software);
        let plan = NetworkPlan::new(network, tiling);
        Ok(Self {
            stem: load(&gpu, &plan.stem, weights)?,
            stages: load_stages(&gpu, &plan.stages, weights)?,
            tail: None,
            max_pool: plan.max_pool,
            means: plan.means,
            layout: plan.layout,
            tiling,
            gpu,
        })
    }

    /// The network with a second tail, whose features come last; all else is shared.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a tail of another network.
    pub fn with_tail(&self, network: &Description, weights: &TailWeights) -> Result<Self> {
        let cut = weights.cut();
        let plan = NetworkPlan::new(network, self.tiling);
        let mut stages = load_stages(&self.gpu, &tail(&plan.stages, cut), weights)?;
        for (stage, described) in stages.iter_mut().zip(network.second_tail(cut)) {
            stage.name = described.name;
        }
        let layout = network.layout_with_tail(cut);
        Ok(Self {
            tail: Some(SecondTail { cut, stages }),
            means: means(self.tiling.row(), &layout),
            layout,
            ..self.clone()
        })
    }

    /// Crops `[N, 224, 224, 3]` → what the trunk says of each, as [`TrunkView`] has it.
    ///
    /// # Errors
    /// `DEVICE_LOST` when it cannot be read back.
    pub async fn trunk(&self, crops: &[u8], cut: Cut) -> Result<Vec<u8>> {
        let images = crops.len() / INPUT_LEN;
        let count = self.gpu.upload(vec![images as u32]);
        let mut launches = self.launches(crops, &count);
        let pooled = self.run_stem(crops, &mut launches)?;
        let map = through_trunk(&mut launches, &self.stages, cut, pooled)?;
        let padded = self.gpu.read(vec![map.values.clone()]).await?.concat();
        let mut bytes = Vec::new();
        for image in 0..images {
            TrunkView::append(map.of_image(&padded, image), &mut bytes);
        }
        Ok(bytes)
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
        self.forward(crops, &count, &mut |name, map| {
            if self.launch_mean(name, map, &embeddings, &count, images) {
                maps.extend(keep.then(|| map.clone()));
            }
            Ok(())
        })?;
        Ok((embeddings, maps))
    }

    /// Takes the means of a stage's maps to their places in embeddings; `false` where it is none that gives features.
    fn launch_mean(
        &self,
        name: &str,
        map: &Map,
        embeddings: &Buffer,
        count: &Buffer,
        images: usize,
    ) -> bool {
        let mut stages = self.layout.stages().iter().zip(&self.means);
        let Some((_, mean)) = stages.find(|(stage, _)| stage.name == name) else {
            return false;
        };
        let buffers = [
            (Operand::Input, &map.values),
            (Operand::Embeddings, embeddings),
            (Operand::Images, count),
        ];
        self.gpu.launch(mean, images, &buffers);
        true
    }

    /// What comes out of the stem (`maxpool`) and of every stage for crops `[N, 224, 224, 3]`.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn stages(&self, crops: &[u8]) -> Result<Vec<StageOutput>> {
        let images = crops.len() / INPUT_LEN;
        let count = self.gpu.upload(vec![images as u32]);
        let mut maps = Vec::new();
        self.forward(crops, &count, &mut |name, map| {
            maps.push((name.to_owned(), map.clone()));
            Ok(())
        })?;
        let mut stages = Vec::with_capacity(maps.len());
        for (name, map) in maps {
            let padded = self.gpu.read(vec![map.values.clone()]).await?.concat();
            let values = (0..images).flat_map(|image| map.of_image(&padded, image));
            let values = values.collect();
            stages.push(StageOutput { name, values });
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
        self.gpu.wait()?;
        let mut launches = Launches {
            stopwatch: Some(Stopwatch::start(repeats)),
            ..self.launches(crops, &count)
        };
        let pooled = self.run_stem(crops, &mut launches)?;
        forward_with_tail(
            &mut launches,
            &self.stages,
            None,
            pooled,
            &mut |_, _| Ok(()),
        )?;
        Ok(launches
            .stopwatch
            .map_or_else(Vec::new, |stopwatch| stopwatch.times))
    }

    /// Tells what comes out of the stem, and of every stage.
    fn forward(&self, crops: &[u8], count: &Buffer, tell: &mut Show<Launches>) -> Result<()> {
        let mut launches = self.launches(crops, count);
        let pooled = self.run_stem(crops, &mut launches)?;
        tell(STEM, &pooled)?;
        let tail = self.tail.as_ref();
        forward_with_tail(&mut launches, &self.stages, tail, pooled, tell)?;
        Ok(())
    }

    fn launches<'a>(&'a self, crops: &[u8], count: &'a Buffer) -> Launches<'a> {
        Launches {
            gpu: &self.gpu,
            images: crops.len() / INPUT_LEN,
            count,
            #[cfg(not(target_family = "wasm"))]
            stopwatch: None,
        }
    }

    /// The stem and the pooling after it.
    fn run_stem(&self, crops: &[u8], launches: &mut Launches) -> Result<Map> {
        let images = launches.images;
        let bytes = Map {
            values: self.gpu.upload_bytes(crops),
            channels: 3,
            side: INPUT_SIDE,
        };
        let stem = launches.run(&self.stem, &bytes, None)?;
        let pooled = Map {
            values: self.gpu.empty(self.max_pool.output(images)),
            channels: self.max_pool.channels,
            side: self.max_pool.side_out,
        };
        let buffers = [
            (Operand::Input, &stem.values),
            (Operand::Output, &pooled.values),
            (Operand::Images, launches.count),
        ];
        self.gpu.launch(&self.max_pool.shader, images, &buffers);
        #[cfg(not(target_family = "wasm"))]
        launches.stop(STEM)?;
        Ok(pooled)
    }
}

fn load(gpu: &Gpu, plan: &ConvolutionPlan, weights: &impl Int8Layers) -> Result<Convolution> {
    let weights = weights.conv_int8(&plan.layer)?;
    Ok(Convolution::load(gpu, plan.clone(), weights))
}

fn load_stages(
    gpu: &Gpu,
    stages: &[Stage<ConvolutionPlan>],
    weights: &impl Int8Layers,
) -> Result<Vec<Stage<Arc<Convolution>>>> {
    let load = |plan: &ConvolutionPlan| load(gpu, plan, weights).map(Arc::new);
    let stages = stages.iter().map(|stage| stage.try_map(load));
    stages.collect()
}

/// Kernels are launched one after the other, and nothing waits for them.
struct Launches<'a> {
    gpu: &'a Gpu,
    images: usize,
    /// That number, on the device.
    count: &'a Buffer,
    #[cfg(not(target_family = "wasm"))]
    stopwatch: Option<Stopwatch>,
}

impl Launches<'_> {
    fn run(
        &mut self,
        convolution: &Convolution,
        input: &Map,
        shortcut: Option<&Map>,
    ) -> Result<Map> {
        let run = || convolution.run(self.gpu, self.images, self.count, input, shortcut);
        #[cfg(not(target_family = "wasm"))]
        if let Some(stopwatch) = &self.stopwatch {
            for _ in 1..stopwatch.repeats {
                run();
            }
        }
        let output = run();
        #[cfg(not(target_family = "wasm"))]
        self.stop(convolution.name())?;
        Ok(output)
    }

    /// Waits for what was launched, where times are taken.
    #[cfg(not(target_family = "wasm"))]
    fn stop(&mut self, name: &str) -> Result<()> {
        if let Some(stopwatch) = &mut self.stopwatch {
            self.gpu.wait()?;
            stopwatch.lap(name);
        }
        Ok(())
    }
}

impl Operations for Launches<'_> {
    type Convolution = Arc<Convolution>;
    type Map = Map;
    type Error = Error;

    /// The activation is in the convolution's kernels.
    fn convolve(
        &mut self,
        convolution: &Arc<Convolution>,
        input: &Map,
        epilogue: Epilogue<Map>,
    ) -> Result<Map> {
        self.run(convolution, input, epilogue.shortcut)
    }
}

/// Takes the time of each layer, which runs several times.
#[cfg(not(target_family = "wasm"))]
struct Stopwatch {
    repeats: usize,
    last: std::time::Instant,
    times: Vec<(String, f64)>,
}

#[cfg(not(target_family = "wasm"))]
impl Stopwatch {
    fn start(repeats: usize) -> Self {
        Self {
            repeats,
            last: std::time::Instant::now(),
            times: Vec::new(),
        }
    }

    fn lap(&mut self, name: &str) {
        let took = self.last.elapsed().as_secs_f64() / self.repeats as f64;
        self.times.push((name.to_owned(), took));
        self.last = std::time::Instant::now();
    }
}
