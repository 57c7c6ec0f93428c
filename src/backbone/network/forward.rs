//! The way through a network's stages, whatever computes it.

use super::description::{Activation, Block, Shortcut, Stage};

/// The name of what comes out of the stem and the pooling after it.
pub const STEM: &str = "maxpool";

/// A stage's output, for comparing layer by layer.
#[derive(Debug, Clone, PartialEq)]
pub struct StageOutput {
    /// torchvision's name of it: `maxpool` or that of a stage.
    pub name: String,
    /// `[N, channels, side, side]`
    pub values: Vec<f32>,
}

/// What a network's stages are computed with.
pub trait Operations {
    /// A convolution, ready to run.
    type Convolution;
    /// What one convolution hands to the next, of any number of images.
    type Map: Clone;
    /// What can go wrong.
    type Error;

    /// A convolution, and what follows it.
    ///
    /// # Errors
    /// Whatever the operations can fail by.
    fn convolve(
        &mut self,
        convolution: &Self::Convolution,
        input: &Self::Map,
        epilogue: Epilogue<Self::Map>,
    ) -> Result<Self::Map, Self::Error>;

    /// Takes back a map that nobody needs any more.
    fn recycle(&mut self, map: Self::Map) {
        drop(map);
    }
}

/// What follows a convolution's sums.
#[derive(Debug)]
pub struct Epilogue<'a, M> {
    /// What is added to them first.
    pub shortcut: Option<&'a M>,
    /// What comes last.
    pub activation: Activation,
}

/// Who is shown what a stage puts out, with its name.
pub type Show<'a, O> =
    dyn FnMut(&str, &<O as Operations>::Map) -> Result<(), <O as Operations>::Error> + 'a;

/// Takes a map through stages, and shows what each puts out under its name. Gives the last one.
///
/// # Errors
/// The first of an operation, or of `show`.
pub fn forward<O: Operations>(
    operations: &mut O,
    stages: &[Stage<O::Convolution>],
    mut map: O::Map,
    show: &mut Show<O>,
) -> Result<O::Map, O::Error> {
    for stage in stages {
        map = through_blocks(operations, &stage.blocks, map)?;
        show(&stage.name, &map)?;
    }
    Ok(map)
}

/// Takes a map through blocks.
///
/// # Errors
/// The first of an operation.
pub fn through_blocks<O: Operations>(
    operations: &mut O,
    blocks: &[Block<O::Convolution>],
    map: O::Map,
) -> Result<O::Map, O::Error> {
    let mut blocks = blocks.iter();
    blocks.try_fold(map, |map, block| through_block(operations, block, map))
}

fn through_block<O: Operations>(
    operations: &mut O,
    block: &Block<O::Convolution>,
    input: O::Map,
) -> Result<O::Map, O::Error> {
    let mut hidden: Option<O::Map> = None;
    let mut projected = None;
    for (index, step) in block.steps.iter().enumerate() {
        let is_last = index + 1 == block.steps.len();
        if let (true, Shortcut::Convolution(convolution)) = (is_last, &block.shortcut) {
            let epilogue = Epilogue {
                shortcut: None,
                activation: Activation::Identity,
            };
            projected = Some(operations.convolve(convolution, &input, epilogue)?);
        }
        let epilogue = Epilogue {
            shortcut: is_last.then(|| projected.as_ref().unwrap_or(&input)),
            activation: step.activation,
        };
        let from = hidden.as_ref().unwrap_or(&input);
        let output = operations.convolve(&step.convolution, from, epilogue)?;
        if let Some(used) = hidden.replace(output) {
            operations.recycle(used);
        }
    }
    if let Some(projected) = projected {
        operations.recycle(projected);
    }
    // A block without convolutions would hand its input on.
    Ok(match hidden {
        Some(output) => {
            operations.recycle(input);
            output
        }
        None => input,
    })
}
