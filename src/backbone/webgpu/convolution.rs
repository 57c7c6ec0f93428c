//! One convolution on the device.

use super::gpu::{Buffer, Gpu};
use super::plan::ConvolutionPlan;
use super::shaders::Operand;
use crate::backbone::weights::Int8Weights;

/// A convolution's kernels and weights.
#[derive(Debug, Clone)]
pub struct Convolution {
    plan: ConvolutionPlan,
    weights: Buffer,
    affine: Buffer,
}

/// A map on the device: `[channels, images · side · side]`, rows padded.
#[derive(Debug, Clone)]
pub struct Map {
    pub values: Buffer,
    pub channels: usize,
    pub side: usize,
}

impl Map {
    /// An image's part of values that were read back, `[channels, side, side]`.
    pub fn of_image<'a>(&self, padded: &'a [f32], image: usize) -> impl Iterator<Item = f32> + 'a {
        let area = self.side * self.side;
        let rows = padded.chunks_exact(padded.len() / self.channels);
        rows.flat_map(move |row| &row[image * area..][..area])
            .copied()
    }
}

impl Convolution {
    /// Uploads a layer's weights as the plan wants them.
    pub fn load(gpu: &Gpu, plan: ConvolutionPlan, weights: Int8Weights) -> Self {
        let affine = weights.scale.into_iter().zip(weights.bias);
        Self {
            weights: gpu.upload(plan.weights(&weights.weight)),
            affine: gpu.upload(affine.map(|(scale, bias)| [scale, bias]).collect()),
            plan,
        }
    }

    /// torchvision's name of it.
    #[cfg(not(target_family = "wasm"))]
    pub fn name(&self) -> &str {
        &self.plan.layer.name
    }

    /// The convolution of `images` maps, whose number `count` holds on the device.
    pub fn run(
        &self,
        gpu: &Gpu,
        images: usize,
        count: &Buffer,
        input: &Map,
        shortcut: Option<&Map>,
    ) -> Map {
        let output = gpu.empty(self.plan.output(images));
        let factors = gpu.empty(self.plan.factors(images));
        let products = match self.plan.products(images) {
            Some(len) => gpu.empty(len),
            None => output.clone(),
        };
        let mut buffers = vec![
            (Operand::Input, &input.values),
            (Operand::Weights, &self.weights),
            (Operand::Affine, &self.affine),
            (Operand::Factors, &factors),
            (Operand::Products, &products),
            (Operand::Output, &output),
            (Operand::Images, count),
        ];
        buffers.extend(shortcut.map(|shortcut| (Operand::Shortcut, &shortcut.values)));
        for shader in &self.plan.shaders {
            gpu.launch(shader, images, &buffers);
        }
        Map {
            values: output,
            channels: self.plan.channels_out(),
            side: self.plan.side_out(),
        }
    }
}
