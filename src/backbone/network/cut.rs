//! A network in two parts: a trunk that stays as it is, and a tail that learns.

use super::description::{Description, Stage};
use super::forward::{Operations, Show, forward, through_blocks};
use super::layer::ConvLayer;
use crate::backbone::layout::{FeatureStage, Layout};

/// Where a network is cut: its tail begins with this block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The stage, from 0.
    pub stage: usize,
    /// The block in it, from 0.
    pub block: usize,
}

impl Description {
    /// The stages of the tail, of which the first may lack its first blocks.
    ///
    /// ```
    /// use headstart::backbone::network::{Cut, Description};
    ///
    /// let network = Description::resnet18();
    /// let tail = network.tail(Cut { stage: 3, block: 1 });
    /// assert_eq!(tail[0].blocks[0].steps[0].convolution.name, "layer4.1.conv1");
    /// ```
    pub fn tail(&self, cut: Cut) -> Vec<Stage<ConvLayer>> {
        tail(&self.stages, cut)
    }

    /// The stages of a second tail, under names of their own.
    pub fn second_tail(&self, cut: Cut) -> Vec<Stage<ConvLayer>> {
        let mut stages = self.tail(cut);
        for stage in &mut stages {
            stage.name = format!("tuned {}", stage.name);
        }
        stages
    }

    /// What embeddings are made of where there is a second tail: its features come last.
    pub fn layout_with_tail(&self, cut: Cut) -> Layout {
        let layout = self.layout();
        let own = layout.stages()[cut.stage..].to_vec();
        let second = self.second_tail(cut).into_iter().zip(own);
        layout.extended(second.map(|(stage, own)| FeatureStage {
            name: stage.name,
            ..own
        }))
    }

    /// What the trunk puts out: the map that the tail's first block takes.
    pub fn trunk_output(&self, cut: Cut) -> FeatureStage {
        let mut output = FeatureStage {
            name: self.stem.name.clone(),
            channels: self.stem.channels_out,
            side: self.pooled_side(),
        };
        let before = self.stages.iter().enumerate();
        for (index, stage) in before.take(cut.stage + 1) {
            let blocks = match index == cut.stage {
                true => &stage.blocks[..cut.block.min(stage.blocks.len())],
                false => &stage.blocks[..],
            };
            for convolution in blocks.iter().flat_map(|block| &block.steps) {
                let convolution = &convolution.convolution;
                output.side = output.side.div_ceil(convolution.stride);
                output.channels = convolution.channels_out;
                output.name.clone_from(&stage.name);
            }
        }
        output
    }
}

/// The stages of a network's tail, of which the first may lack its first blocks.
pub fn tail<C: Clone>(stages: &[Stage<C>], cut: Cut) -> Vec<Stage<C>> {
    let mut tail: Vec<_> = stages.iter().skip(cut.stage).cloned().collect();
    if let Some(first) = tail.first_mut() {
        first.blocks.drain(..cut.block.min(first.blocks.len()));
    }
    tail
}

/// A tail beside a network's own, which takes the same map.
#[derive(Debug, Clone)]
pub struct SecondTail<C> {
    /// Where it begins.
    pub cut: Cut,
    /// Its stages, under names that no other has.
    pub stages: Vec<Stage<C>>,
}

/// Takes a map through stages, and what the tail takes through the second one, if there is one; shows what each stage puts
/// out under its name, the second tail's last. Gives the last one.
///
/// # Errors
/// The first of an operation, or of `show`.
pub fn forward_with_tail<O: Operations>(
    operations: &mut O,
    stages: &[Stage<O::Convolution>],
    second: Option<&SecondTail<O::Convolution>>,
    map: O::Map,
    show: &mut Show<O>,
) -> Result<O::Map, O::Error> {
    let Some(SecondTail { cut, stages: tail }) = second else {
        return forward(operations, stages, map, show);
    };
    let map = forward(operations, &stages[..cut.stage], map, show)?;
    let divided = &stages[cut.stage];
    let (of_trunk, of_tail) = divided.blocks.split_at(cut.block);
    let map = through_blocks(operations, of_trunk, map)?;
    let for_second = map.clone();
    let map = through_blocks(operations, of_tail, map)?;
    show(&divided.name, &map)?;
    let last = forward(operations, &stages[cut.stage + 1..], map, show)?;
    operations.recycle(last);
    forward(operations, tail, for_second, show)
}

/// Takes a map through the trunk.
///
/// # Errors
/// The first of an operation.
pub fn through_trunk<O: Operations>(
    operations: &mut O,
    stages: &[Stage<O::Convolution>],
    cut: Cut,
    mut map: O::Map,
) -> Result<O::Map, O::Error> {
    for stage in &stages[..cut.stage] {
        map = through_blocks(operations, &stage.blocks, map)?;
    }
    through_blocks(operations, &stages[cut.stage].blocks[..cut.block], map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_takes_what_the_trunk_puts_out() {
        let network = Description::resnet18();
        let all: Vec<_> = network.convolutions().skip(1).cloned().collect();
        for (stage, block, channels, side) in [
            (0, 0, 64, 56),
            (1, 1, 128, 28),
            (2, 1, 256, 14),
            (3, 0, 256, 14),
            (3, 1, 512, 7),
        ] {
            let cut = Cut { stage, block };
            let output = network.trunk_output(cut);
            assert_eq!((output.channels, output.side), (channels, side));
            let tail = network.tail(cut);
            let blocks = tail.iter().flat_map(|stage| &stage.blocks);
            let layers: Vec<_> = blocks
                .flat_map(|block| block.convolutions().cloned())
                .collect();
            assert_eq!(layers[0].channels_in, channels);
            assert_eq!(layers, all[all.len() - layers.len()..]);
        }
    }
}
