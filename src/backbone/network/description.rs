//! Networks as values: which convolutions there are, in which places, and what comes between them.

use super::cut::Cut;
use super::layer::ConvLayer;
use crate::backbone::layout::{FeatureStage, Layout};
use crate::image::INPUT_SIDE;

/// A network.
///
/// ```
/// use headstart::backbone::network::Description;
///
/// let network = Description::resnet18();
/// assert_eq!(network.convolutions().count(), 20);
/// assert_eq!(network.layout().len(), 64 + 128 + 256 + 512);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The name that files go by, for example `resnet18`.
    pub name: &'static str,
    /// The first convolution, which takes crops. ReLU follows it, and a maximum over 3×3 places around every second one.
    pub stem: ConvLayer,
    /// The stages, whose maps give features.
    pub stages: Vec<Stage<ConvLayer>>,
    /// Where the tail begins that fine-tuning trains.
    pub cut: Cut,
    /// What the network's own classes are told by. Nothing here needs it but the checkpoints that it comes with.
    pub classifier: Classifier,
}

/// A stage: blocks one after the other. `C` is a convolution: its layer in a description, and in a loaded network what
/// computes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage<C> {
    /// torchvision's name of it, for example `layer4`.
    pub name: String,
    /// Its blocks.
    pub blocks: Vec<Block<C>>,
}

/// Convolutions one after the other, and a shortcut around them, which is added to the last before its activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<C> {
    /// The convolutions, at least one.
    pub steps: Vec<Step<C>>,
    /// What is added.
    pub shortcut: Shortcut<C>,
}

/// A convolution and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step<C> {
    /// The convolution.
    pub convolution: C,
    /// What follows it.
    pub activation: Activation,
}

/// What is added to a block's last convolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shortcut<C> {
    /// The block's input.
    Identity,
    /// What this convolution makes of the block's input.
    Convolution(C),
}

/// What becomes of a convolution's sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// They stay what they are.
    Identity,
    /// Negative ones become 0.
    Relu,
}

/// A linear layer on the means of the last stage's maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classifier {
    /// torchvision's name without `.weight`.
    pub name: &'static str,
    /// The classes that it tells apart.
    pub classes: usize,
    /// How many features it takes.
    pub features: usize,
}

impl Description {
    /// ResNet18 (He et al. 2016, "Deep Residual Learning for Image Recognition", table 1), under torchvision's names.
    pub fn resnet18() -> Self {
        Self::resnet("resnet18", [2; 4])
    }

    /// The network of a name, if there is one.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::resnet18(), Self::resnet34()]
            .into_iter()
            .find(|network| network.name == name)
    }

    /// ResNet34, from the same table.
    pub fn resnet34() -> Self {
        Self::resnet("resnet34", [3, 4, 6, 3])
    }

    /// The residual networks of two convolutions a block, which differ in how many blocks their stages have.
    fn resnet(name: &'static str, blocks: [usize; 4]) -> Self {
        let stem = layer("conv1", "bn1", [3, 64], 7, 2);
        let mut channels = stem.channels_out;
        let stage = |(index, blocks): (usize, usize)| {
            let name = format!("layer{}", index + 1);
            let (from, to) = (channels, 64 << index);
            channels = to;
            let block = |block: usize| {
                let prefix = format!("{name}.{block}");
                match block {
                    0 => basic_block(&prefix, [from, to]),
                    _ => basic_block(&prefix, [to, to]),
                }
            };
            let blocks = (0..blocks).map(block).collect();
            Stage { name, blocks }
        };
        Self {
            name,
            stages: blocks.into_iter().enumerate().map(stage).collect(),
            stem,
            // By measurement (`benches/accuracy.md`, "finetune").
            cut: Cut { stage: 3, block: 0 },
            classifier: Classifier {
                name: "fc",
                classes: 1000,
                features: channels,
            },
        }
    }

    /// All convolutions, in the order in which data meets them, a block's shortcut last.
    pub fn convolutions(&self) -> impl Iterator<Item = &ConvLayer> {
        let blocks = self.stages.iter().flat_map(|stage| &stage.blocks);
        std::iter::once(&self.stem).chain(blocks.flat_map(Block::convolutions))
    }

    /// What embeddings are made of.
    pub fn layout(&self) -> Layout {
        let mut side = self.pooled_side();
        let stage = |stage: &Stage<ConvLayer>| {
            side = stage.side_out(side);
            FeatureStage {
                name: stage.name.clone(),
                channels: stage.channels_out(),
                side,
            }
        };
        Layout::new(self.stages.iter().map(stage).collect())
    }

    /// The side of what comes out of the stem.
    pub fn stem_side(&self) -> usize {
        INPUT_SIDE.div_ceil(self.stem.stride)
    }

    /// The side of what the first stage takes.
    pub fn pooled_side(&self) -> usize {
        self.stem_side().div_ceil(2)
    }
}

/// Two 3×3 convolutions with ReLU. One that makes more channels of fewer halves the sides, and so does its shortcut.
fn basic_block(prefix: &str, [from, to]: [usize; 2]) -> Block<ConvLayer> {
    let stride = if from == to { 1 } else { 2 };
    let step = |index: usize, channels, stride| Step {
        convolution: layer(
            &format!("{prefix}.conv{index}"),
            &format!("{prefix}.bn{index}"),
            channels,
            3,
            stride,
        ),
        activation: Activation::Relu,
    };
    let shortcut = match stride {
        1 => Shortcut::Identity,
        _ => Shortcut::Convolution(layer(
            &format!("{prefix}.downsample.0"),
            &format!("{prefix}.downsample.1"),
            [from, to],
            1,
            stride,
        )),
    };
    Block {
        steps: vec![step(1, [from, to], stride), step(2, [to, to], 1)],
        shortcut,
    }
}

fn layer(name: &str, norm: &str, channels: [usize; 2], kernel: usize, stride: usize) -> ConvLayer {
    ConvLayer {
        name: name.into(),
        norm: norm.into(),
        channels_in: channels[0],
        channels_out: channels[1],
        kernel,
        stride,
    }
}

impl Classifier {
    /// The weight's shape.
    pub fn shape(&self) -> [usize; 2] {
        [self.classes, self.features]
    }
}

impl Stage<ConvLayer> {
    /// Channels of its map.
    pub fn channels_out(&self) -> usize {
        let last = self.blocks.last().and_then(|block| block.steps.last());
        last.map_or(0, |step| step.convolution.channels_out)
    }

    /// The side of its map, for the side of what it takes.
    pub fn side_out(&self, side: usize) -> usize {
        let steps = self.blocks.iter().flat_map(|block| &block.steps);
        steps.fold(side, |side, step| side.div_ceil(step.convolution.stride))
    }
}

impl<C> Stage<C> {
    /// The same with each convolution made into another thing, or the first error.
    pub fn try_map<D, E>(&self, mut map: impl FnMut(&C) -> Result<D, E>) -> Result<Stage<D>, E> {
        let mut block = |block: &Block<C>| {
            let step = |step: &Step<C>| {
                let convolution = map(&step.convolution)?;
                let activation = step.activation;
                Ok(Step {
                    convolution,
                    activation,
                })
            };
            Ok(Block {
                steps: block.steps.iter().map(step).collect::<Result<_, E>>()?,
                shortcut: match &block.shortcut {
                    Shortcut::Identity => Shortcut::Identity,
                    Shortcut::Convolution(convolution) => Shortcut::Convolution(map(convolution)?),
                },
            })
        };
        Ok(Stage {
            name: self.name.clone(),
            blocks: self
                .blocks
                .iter()
                .map(&mut block)
                .collect::<Result<_, E>>()?,
        })
    }
}

impl<C> Block<C> {
    /// Its convolutions, the shortcut's last.
    pub fn convolutions(&self) -> impl Iterator<Item = &C> {
        let shortcut = match &self.shortcut {
            Shortcut::Convolution(convolution) => Some(convolution),
            Shortcut::Identity => None,
        };
        let steps = self.steps.iter().map(|step| &step.convolution);
        steps.chain(shortcut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_residual_networks_are_those_of_the_paper() {
        for (network, convolutions, weights) in [
            (Description::resnet18(), 20, 11_166_912),
            (Description::resnet34(), 36, 21_267_648),
        ] {
            assert_eq!(network.convolutions().count(), convolutions);
            let count = network
                .convolutions()
                .map(|layer| layer.shape().iter().product::<usize>());
            assert_eq!(count.sum::<usize>(), weights, "{}", network.name);
            let layout = network.layout();
            assert_eq!(layout.parts(), [64, 128, 256, 512]);
            let sides: Vec<usize> = layout.stages().iter().map(|stage| stage.side).collect();
            assert_eq!(sides, [56, 28, 14, 7]);
            // Each convolution takes what the one before gives.
            let blocks = network.stages.iter().flat_map(|stage| &stage.blocks);
            let mut channels = network.stem.channels_out;
            for block in blocks {
                let input = channels;
                for step in &block.steps {
                    assert_eq!(step.convolution.channels_in, channels);
                    channels = step.convolution.channels_out;
                }
                match &block.shortcut {
                    Shortcut::Identity => assert_eq!(input, channels),
                    Shortcut::Convolution(layer) => {
                        assert_eq!([layer.channels_in, layer.channels_out], [input, channels]);
                    }
                }
            }
        }
    }
}
