//! The network's layers in their places, and what stands between them.

use super::convolution::{ConvolutionPlan, Input, Role};
use crate::backbone::layers::{self, BLOCKS, ConvLayer, STAGE_CHANNELS};
use crate::backbone::webgpu::shaders::{Finish, Row, Shader, Tiling, pool};
use crate::backbone::{Layout, Stage};

/// The side of the stem's output.
const STEM_SIDE: usize = 112;
/// The side of the pooled map, which the first stage keeps.
const POOLED_SIDE: usize = 56;

/// How the network is computed.
#[derive(Debug)]
pub struct NetworkPlan {
    /// Its convolutions.
    pub layers: Layers<ConvolutionPlan>,
    /// What follows the stem.
    pub max_pool: PoolPlan,
    /// What takes each stage's means.
    pub means: Vec<Shader>,
    /// What embeddings are made of.
    pub layout: Layout,
}

/// How a map is pooled.
#[derive(Debug)]
pub struct PoolPlan {
    /// Its kernel.
    pub shader: Shader,
    /// Channels of the output, and of the input.
    pub channels: usize,
    /// The side of the output.
    pub side_out: usize,
    row: Row,
}

/// Something of every convolution.
#[derive(Debug)]
pub struct Layers<C> {
    /// Of the stem.
    pub stem: C,
    /// Of the stages' blocks.
    pub stages: Vec<Vec<Block<C>>>,
}

/// Something of every convolution of a block: two, and that of a shortcut that changes the shape.
#[derive(Debug)]
pub struct Block<C> {
    pub conv1: C,
    pub conv2: C,
    pub downsample: Option<C>,
}

impl NetworkPlan {
    /// All kernels for a kind of adapter.
    pub fn new(tiling: Tiling) -> Self {
        let row = tiling.row();
        let plan = |layer: ConvLayer, side_out, input, finish| {
            let role = Role {
                side_out,
                input,
                finish,
            };
            ConvolutionPlan::new(layer, role, tiling)
        };
        let layout = Layout::resnet18();
        let stem = layers::stem();
        let max_pool = PoolPlan {
            shader: pool::max(row, stem.channels_out, STEM_SIDE),
            channels: stem.channels_out,
            side_out: POOLED_SIDE,
            row,
        };
        let block = |stage: usize, block: usize| {
            let plan = |layer, finish| plan(layer, POOLED_SIDE >> stage, Input::Map, finish);
            let (conv1, conv2, downsample) = layers::block(stage, block);
            Block {
                conv1: plan(conv1, Finish::Relu),
                conv2: plan(conv2, Finish::ShortcutRelu),
                downsample: downsample.map(|layer| plan(layer, Finish::Plain)),
            }
        };
        let stage = |stage| (0..BLOCKS).map(|index| block(stage, index)).collect();
        Self {
            layers: Layers {
                stem: plan(stem, STEM_SIDE, Input::Crops, Finish::Relu),
                stages: (0..STAGE_CHANNELS.len()).map(stage).collect(),
            },
            max_pool,
            means: means(row, &layout),
            layout,
        }
    }
}

fn means(row: Row, layout: &Layout) -> Vec<Shader> {
    let mut first = 0;
    let mean = |stage: &Stage| {
        let shader = pool::mean(row, stage, first, layout.len());
        first += stage.channels;
        shader
    };
    layout.stages().iter().map(mean).collect()
}

impl PoolPlan {
    /// How many numbers the output is, rows padded.
    pub fn output(&self, images: usize) -> usize {
        self.channels * self.row.padded(images * self.side_out.pow(2))
    }
}
