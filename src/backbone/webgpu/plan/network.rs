//! The network's layers in their places, and what stands between them.

use super::convolution::{ConvolutionPlan, Input, Role};
use crate::backbone::network::{Activation, Block, ConvLayer, Description, Shortcut, Stage, Step};
use crate::backbone::webgpu::shaders::{Finish, Row, Shader, Tiling, pool};
use crate::backbone::{FeatureStage, Layout};

/// How the network is computed.
#[derive(Debug)]
pub struct NetworkPlan {
    /// What takes crops.
    pub stem: ConvolutionPlan,
    /// What follows the stem.
    pub max_pool: PoolPlan,
    /// What follows that.
    pub stages: Vec<Stage<ConvolutionPlan>>,
    /// What takes each stage's means.
    pub means: Vec<Shader>,
    /// What embeddings are made of.
    pub layout: Layout,
}

/// How a map is pooled.
#[derive(Debug, Clone)]
pub struct PoolPlan {
    /// Its kernel.
    pub shader: Shader,
    /// Channels of the output, and of the input.
    pub channels: usize,
    /// The side of the output.
    pub side_out: usize,
    row: Row,
}

impl NetworkPlan {
    /// All kernels for a kind of adapter.
    pub fn new(network: &Description, tiling: Tiling) -> Self {
        let row = tiling.row();
        let layout = network.layout();
        let stem = Role {
            side_out: network.stem_side(),
            input: Input::Crops,
            finish: Finish {
                shortcut: false,
                activation: Activation::Relu,
            },
        };
        let channels = network.stem.channels_out;
        let mut side = network.pooled_side();
        Self {
            stem: ConvolutionPlan::new(network.stem.clone(), stem, tiling),
            max_pool: PoolPlan {
                shader: pool::max(row, channels, network.stem_side()),
                channels,
                side_out: side,
                row,
            },
            stages: network
                .stages
                .iter()
                .map(|stage| Stage {
                    name: stage.name.clone(),
                    blocks: stage
                        .blocks
                        .iter()
                        .map(|block| plan_block(block, &mut side, tiling))
                        .collect(),
                })
                .collect(),
            means: means(row, &layout),
            layout,
        }
    }
}

/// The plan of a block that takes a map of this side, which becomes that of what it puts out.
fn plan_block(
    block: &Block<ConvLayer>,
    side: &mut usize,
    tiling: Tiling,
) -> Block<ConvolutionPlan> {
    let plan = |layer: &ConvLayer, side: usize, finish| {
        let role = Role {
            side_out: side.div_ceil(layer.stride),
            input: Input::Map,
            finish,
        };
        ConvolutionPlan::new(layer.clone(), role, tiling)
    };
    let plain = Finish {
        shortcut: false,
        activation: Activation::Identity,
    };
    let shortcut = match &block.shortcut {
        Shortcut::Identity => Shortcut::Identity,
        Shortcut::Convolution(layer) => Shortcut::Convolution(plan(layer, *side, plain)),
    };
    let last = block.steps.len().saturating_sub(1);
    let step = |(index, step): (usize, &Step<ConvLayer>)| {
        let finish = Finish {
            shortcut: index == last,
            activation: step.activation,
        };
        let convolution = plan(&step.convolution, *side, finish);
        *side = convolution.side_out();
        Step {
            convolution,
            activation: step.activation,
        }
    };
    Block {
        steps: block.steps.iter().enumerate().map(step).collect(),
        shortcut,
    }
}

/// What takes each stage's means to their places in an embedding.
pub fn means(row: Row, layout: &Layout) -> Vec<Shader> {
    let mut first = 0;
    let mean = |stage: &FeatureStage| {
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
