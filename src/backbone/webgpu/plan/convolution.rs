//! One convolution's kernels, and the sizes of what they are given.

use crate::backbone::network::ConvLayer;
use crate::backbone::webgpu::shaders::{
    Finish, Product, Row, Shader, Shape, Tiling, columns, product, winograd,
};

/// How a convolution is computed.
#[derive(Debug, Clone)]
pub struct ConvolutionPlan {
    /// What is computed.
    pub layer: ConvLayer,
    /// Its kernels, in the order in which they run.
    pub shaders: Vec<Shader>,
    shape: Shape,
    row: Row,
    product: Product,
    method: Method,
}

/// What a layer is to the network.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// The side of its output.
    pub side_out: usize,
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

#[derive(Debug, Clone, Copy)]
enum Method {
    /// Winograd's, for 3×3 at stride 1: what goes into the products and what comes out of them is transformed.
    Winograd,
    /// Inputs gathered into columns, one for each output.
    Columns,
}

impl ConvolutionPlan {
    /// The method that suits a layer, and its kernels.
    pub fn new(layer: ConvLayer, role: Role, tiling: Tiling) -> Self {
        let shape = Shape {
            channels_in: layer.channels_in,
            channels_out: layer.channels_out,
            side: role.side_out * layer.stride,
            kernel: layer.kernel,
            stride: layer.stride,
        };
        let row = tiling.row();
        let method = match (shape.kernel, shape.stride) {
            (3, 1) => Method::Winograd,
            _ => Method::Columns,
        };
        let (product, shaders) = match method {
            Method::Winograd => {
                let product = Product {
                    rows: shape.channels_out,
                    inner: shape.channels_in,
                    columns: winograd::tiles(shape.side),
                    count: winograd::POINTS,
                    finish: None,
                };
                let shaders = vec![
                    winograd::input(&shape, row),
                    product::shader(&product, tiling),
                    winograd::output(&shape, row, role.finish),
                ];
                (product, shaders)
            }
            Method::Columns => {
                let product = Product {
                    rows: shape.channels_out,
                    inner: tiling.whole_depth(layer.weights_per_channel()),
                    columns: shape.area_out(),
                    count: 1,
                    finish: Some(role.finish),
                };
                let gather = match role.input {
                    Input::Crops => columns::of_crops(&shape, row, product.inner),
                    Input::Map => columns::of_map(&shape, row, product.inner),
                };
                let shaders = vec![gather, product::shader(&product, tiling)];
                (product, shaders)
            }
        };
        Self {
            layer,
            shaders,
            shape,
            row,
            product,
            method,
        }
    }

    /// Weights `[out, in, k, k]` as the product takes them, `[count, inner, out]`.
    pub fn weights(&self, weights: &[i8]) -> Vec<i16> {
        match self.method {
            Method::Winograd => winograd::weights(&self.shape, weights),
            Method::Columns => columns::weights(&self.shape, weights, self.product.inner),
        }
    }

    /// Channels of the output.
    pub fn channels_out(&self) -> usize {
        self.shape.channels_out
    }

    /// The side of the output.
    pub fn side_out(&self) -> usize {
        self.shape.side_out()
    }

    /// How many numbers the product's factors are.
    pub fn factors(&self, images: usize) -> usize {
        self.product.count * self.product.inner * self.width(images)
    }

    /// How many numbers the products are, unless they are the output.
    pub fn products(&self, images: usize) -> Option<usize> {
        match self.method {
            Method::Winograd => Some(self.product.count * self.product.rows * self.width(images)),
            Method::Columns => None,
        }
    }

    /// How many numbers the output is, rows padded.
    pub fn output(&self, images: usize) -> usize {
        self.shape.channels_out * self.row.padded(images * self.shape.area_out())
    }

    /// A row of factors and products.
    fn width(&self, images: usize) -> usize {
        self.row.padded(images * self.product.columns)
    }
}
