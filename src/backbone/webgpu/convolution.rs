//! One convolution on the device.

use super::Map;
use super::gpu::{Buffer, Gpu};
use super::kernel::Kernel;
use super::shaders::{Product, Shape, Tiling, columns, product, winograd};
use crate::backbone::layers::ConvLayer;
use crate::backbone::weights::Int8Weights;

/// A convolution's weights and kernels.
#[derive(Debug)]
pub struct Convolution {
    shape: Shape,
    tiling: Tiling,
    weights: Buffer,
    /// Of each output channel: what makes real numbers of its sums, `[scale, bias]`.
    affine: Buffer,
    product: Product,
    product_kernel: Kernel,
    method: Method,
}

/// What a layer is to the network.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// The side of its input.
    pub side: usize,
    /// What it reads.
    pub input: Input,
    /// What is done to a sum before it is stored.
    pub finish: Finish,
}

/// What a convolution reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// RGB bytes, which are normalised on the way.
    Crops,
    /// Another layer's output.
    Map,
}

/// What is done to a sum before it is stored, besides adding the bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Nothing.
    Plain,
    /// ReLU.
    Relu,
    /// Another map is added, then ReLU.
    ShortcutRelu,
}

#[derive(Debug)]
enum Method {
    /// Winograd's, for 3×3 at stride 1: kernels that transform what goes in and what comes out.
    Winograd { input: Kernel, output: Kernel },
    /// Inputs gathered into columns, one for each output.
    Columns { gather: Kernel },
}

impl Convolution {
    /// Uploads a layer's weights as its method wants them.
    pub fn load(
        gpu: &Gpu,
        layer: &ConvLayer,
        weights: Int8Weights,
        role: Role,
        tiling: Tiling,
    ) -> Self {
        let shape = Shape {
            channels_in: layer.channels_in,
            channels_out: layer.channels_out,
            side: role.side,
            kernel: layer.kernel,
            stride: layer.stride,
        };
        let row = tiling.row();
        let is_winograd = shape.kernel == 3 && shape.stride == 1;
        debug_assert!(is_winograd || role.finish != Finish::ShortcutRelu);
        let (integers, product, method) = if is_winograd {
            let product = Product {
                rows: shape.channels_out,
                inner: shape.channels_in,
                columns: winograd::tiles(shape.side),
                count: winograd::POINTS,
                affine: false,
                relu: false,
            };
            let method = Method::Winograd {
                input: winograd::input(&shape, row).into(),
                output: winograd::output(&shape, row, role.finish).into(),
            };
            (winograd::weights(&shape, &weights.weight), product, method)
        } else {
            let product = Product {
                rows: shape.channels_out,
                inner: tiling.whole_depth(layer.weights_per_channel()),
                columns: shape.area_out(),
                count: 1,
                affine: true,
                relu: role.finish == Finish::Relu,
            };
            let gather = match role.input {
                Input::Crops => columns::of_crops(&shape, row, product.inner),
                Input::Map => columns::of_map(&shape, row, product.inner),
            };
            let integers = columns::weights(&shape, &weights.weight, product.inner);
            let gather = gather.into();
            (integers, product, Method::Columns { gather })
        };
        let affine = weights.scale.into_iter().zip(weights.bias);
        Self {
            weights: gpu.upload(integers),
            affine: gpu.upload(affine.map(|(scale, bias)| [scale, bias]).collect()),
            product_kernel: product::shader(&product, tiling).into(),
            shape,
            tiling,
            product,
            method,
        }
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
        let Shape {
            channels_in,
            channels_out,
            ..
        } = self.shape;
        let row = self.tiling.row();
        let width = row.padded(images * self.product.columns);
        let map = Map {
            values: gpu.empty(channels_out * row.padded(images * self.shape.area_out())),
            channels: channels_out,
            side: self.shape.side / self.shape.stride,
        };
        let factors = gpu.empty(self.product.count * self.product.inner * width);
        let groups = self.tiling.groups(&self.product, width);
        match &self.method {
            Method::Winograd {
                input: transform,
                output,
            } => {
                let tiles = images * self.product.columns;
                let products = gpu.empty(self.product.count * channels_out * width);
                let buffers = [&input.values, &factors, count];
                gpu.launch(transform, [tiles, channels_in], &buffers);
                let buffers = [&self.weights, &factors, &products, count];
                gpu.launch_groups(&self.product_kernel, groups, &buffers);
                let mut buffers = vec![&products, &self.affine, &map.values, count];
                buffers.extend(shortcut.map(|shortcut| &shortcut.values));
                gpu.launch(output, [tiles, channels_out], &buffers);
            }
            Method::Columns { gather } => {
                let outputs = images * self.product.columns;
                let buffers = [&input.values, &factors, count];
                let rows = columns::rows(&self.shape, self.product.inner);
                gpu.launch(gather, [outputs, rows], &buffers);
                let buffers = [&self.weights, &factors, &map.values, count, &self.affine];
                gpu.launch_groups(&self.product_kernel, groups, &buffers);
            }
        }
        map
    }
}
