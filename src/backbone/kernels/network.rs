//! A network on the processor.

use std::convert::Infallible;
use std::sync::Arc;

use super::convolution::{Convolution, Workspace};
use super::epilogue;
use super::pool::max_pool;
use super::shape::Size;
use super::stem::{HALVED_SIDE, Stem};
use crate::Result;
use crate::backbone::network::{
    Activation, ConvLayer, Cut, Description, Epilogue, Operations, STEM, SecondTail, Stage,
    StageOutput, forward_with_tail, through_trunk,
};
use crate::backbone::tail::TailWeights;
use crate::backbone::trunk::TrunkView;
use crate::backbone::weights::Int8Layers;
use crate::backbone::{Features, Layout};
use crate::image::INPUT_LEN;

/// Images that go through the network together: more would need more memory and gain nothing.
const CHUNK: usize = 8;

/// The frozen network.
///
/// ```no_run
/// # use headstart::backbone::{kernels::Network, network::Description, weights::QuantizedWeights};
/// # fn main() -> headstart::Result<()> {
/// let bytes = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
/// let network = Network::load(&Description::resnet18(), &QuantizedWeights::parse(&bytes)?)?;
/// let features = network.features(&[0; 224 * 224 * 3], false);
/// assert_eq!(features.embeddings.len(), 64 + 128 + 256 + 512);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Network {
    stem: Stem,
    /// The same ones as those of the network with a second tail.
    stages: Vec<Stage<Arc<Convolution>>>,
    tail: Option<SecondTail<Arc<Convolution>>>,
    layout: Layout,
}

/// Activations of some images.
#[derive(Clone)]
struct Map {
    values: Vec<f32>,
    size: Size,
}

impl Map {
    fn of_images(&self) -> impl Iterator<Item = &[f32]> {
        let len = self.values.len() / self.size.images.max(1);
        self.values.chunks_exact(len.max(1))
    }
}

/// What one layer leaves to the next.
#[derive(Default)]
struct Kernels {
    workspace: Workspace,
    /// Memory of maps that are no longer needed.
    spare: Vec<Vec<f32>>,
}

impl Operations for Kernels {
    type Convolution = Arc<Convolution>;
    type Map = Map;
    type Error = Infallible;

    fn convolve(
        &mut self,
        convolution: &Arc<Convolution>,
        input: &Map,
        epilogue: Epilogue<Map>,
    ) -> std::result::Result<Map, Infallible> {
        let mut values = self.spare.pop().unwrap_or_default();
        let epilogue = epilogue::Epilogue {
            shortcut: epilogue.shortcut.map(|map| map.values.as_slice()),
            relu: epilogue.activation == Activation::Relu,
        };
        let workspace = &mut self.workspace;
        convolution.run(&input.values, input.size, epilogue, workspace, &mut values);
        let size = convolution.output_size(input.size);
        Ok(Map { values, size })
    }

    fn recycle(&mut self, map: Map) {
        self.spare.push(map.values);
    }
}

impl Network {
    /// Takes in the network, one layer's weights at a time.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT` when a layer is missing or has another shape.
    pub fn load(description: &Description, weights: &impl Int8Layers) -> Result<Self> {
        let stem = weights.conv_int8(&description.stem)?;
        Ok(Self {
            stem: Stem::new(stem),
            stages: load(&description.stages, weights)?,
            tail: None,
            layout: description.layout(),
        })
    }

    /// The network with a second tail, whose features come last; all else is shared.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a tail of another network.
    pub fn with_tail(&self, description: &Description, tail: &TailWeights) -> Result<Self> {
        let cut = tail.cut();
        let stages = load(&description.second_tail(cut), tail)?;
        Ok(Self {
            tail: Some(SecondTail { cut, stages }),
            layout: description.layout_with_tail(cut),
            ..self.clone()
        })
    }

    /// Crops `[N, 224, 224, 3]` → what the trunk says of each, as [`TrunkView`] has it.
    pub fn trunk(&self, crops: &[u8], cut: Cut) -> Vec<u8> {
        let mut kernels = Kernels::default();
        let mut bytes = Vec::new();
        for crops in crops.chunks(CHUNK * INPUT_LEN) {
            let map = self.run_stem(crops, &mut kernels);
            let Ok(map) = through_trunk(&mut kernels, &self.stages, cut, map);
            for activations in map.of_images() {
                let mut channels_first = vec![0.0; activations.len()];
                let places = map.size.height * map.size.width;
                put_channels_first(activations, &mut channels_first, places);
                TrunkView::append(channels_first.into_iter(), &mut bytes);
            }
            kernels.recycle(map);
        }
        bytes
    }

    /// Crops `[N, 224, 224, 3]` → embeddings, and the maps that they are the means of where wanted.
    pub fn features(&self, crops: &[u8], maps: bool) -> Features {
        let layout = &self.layout;
        let images = crops.len() / INPUT_LEN;
        let mut features = Features {
            embeddings: vec![0.0; images * layout.len()],
            maps: vec![0.0; if maps { images * layout.maps_len() } else { 0 }],
        };
        // Where the stage's part of an image begins, and the first of the images on the way.
        let (mut feature, mut place, mut first) = (0, 0, 0);
        self.run(crops, |name, map| {
            let Some(stage) = layout.stages().iter().find(|stage| stage.name == name) else {
                return;
            };
            let of_images = map.values.chunks_exact(stage.map_len());
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
                first += map.size.images;
            }
        });
        features
    }

    /// What comes out of the stem (`maxpool`) and of every stage for crops `[N, 224, 224, 3]`.
    pub fn stages(&self, crops: &[u8]) -> Vec<StageOutput> {
        let mut outputs: Vec<StageOutput> = Vec::new();
        self.run(crops, |name, map| {
            let place = outputs.iter().position(|output| output.name == name);
            let place = place.unwrap_or_else(|| {
                outputs.push(StageOutput {
                    name: name.into(),
                    values: Vec::new(),
                });
                outputs.len() - 1
            });
            append_channels_first(&map.values, map.size, &mut outputs[place].values);
        });
        outputs
    }

    /// Shows what comes out of the stem, as `maxpool`, and of each stage after it.
    fn run(&self, crops: &[u8], mut show: impl FnMut(&str, &Map)) {
        let mut kernels = Kernels::default();
        for crops in crops.chunks(CHUNK * INPUT_LEN) {
            let map = self.run_stem(crops, &mut kernels);
            show(STEM, &map);
            let tail = self.tail.as_ref();
            let mut show = |name: &str, map: &Map| {
                show(name, map);
                Ok(())
            };
            let Ok(last) = forward_with_tail(&mut kernels, &self.stages, tail, map, &mut show);
            kernels.recycle(last);
        }
    }

    /// The stem and the pooling after it. One image at a time: what lies between is large.
    fn run_stem(&self, crops: &[u8], kernels: &mut Kernels) -> Map {
        let mut size = Size {
            images: 1,
            height: HALVED_SIDE,
            width: HALVED_SIDE,
        };
        let mut stem = kernels.spare.pop().unwrap_or_default();
        let mut values = kernels.spare.pop().unwrap_or_default();
        values.clear();
        for crop in crops.chunks_exact(INPUT_LEN) {
            self.stem.run(crop, &mut kernels.workspace, &mut stem);
            max_pool(&stem, size, self.stem.channels(), &mut values);
        }
        kernels.spare.push(stem);
        size.images = crops.len() / INPUT_LEN;
        let size = size.strided(2);
        Map { values, size }
    }
}

/// Not inlined, since it is wanted for a network and for a tail.
#[inline(never)]
fn load(
    stages: &[Stage<ConvLayer>],
    weights: &dyn Int8Layers,
) -> Result<Vec<Stage<Arc<Convolution>>>> {
    let convolution = |layer: &ConvLayer| {
        let weights = weights.conv_int8(layer)?;
        Ok(Arc::new(Convolution::new(
            weights,
            layer.kernel,
            layer.stride,
        )))
    };
    let stages = stages.iter().map(|stage| stage.try_map(convolution));
    stages.collect()
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
