//! On the processor: unfolded inputs, and products of matrices.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{Bytes, DType};

use super::{ConvolutionGradients, ConvolutionOps, Window};
use crate::matrix::{product, product_transposed, transposed_product};

impl ConvolutionOps for Flex {
    fn convolution(maps: FlexTensor, weight: FlexTensor, window: Window) -> FlexTensor {
        let [inputs, images, height, width] = maps.shape().dims();
        let outputs = weight.shape().dims::<4>()[0];
        let [down, across] = [height, width].map(|side| window.output(side));
        let inner = inputs * window.taps();
        let unfolded = unfold(&Values::of(&maps), maps.shape().dims(), window);
        let shape = [outputs, inner, images * down * across];
        let values = product(&Values::of(&weight), &unfolded, shape);
        tensor(values, [outputs, images, down, across])
    }
}

impl ConvolutionGradients for Flex {
    fn weight_gradient(
        maps: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
        window: Window,
    ) -> FlexTensor {
        let [outputs, images, down, across] = gradient.shape().dims();
        let inner = maps.shape().dims::<4>()[0] * window.taps();
        let unfolded = unfold(&Values::of(&maps), maps.shape().dims(), window);
        let shape = [outputs, images * down * across, inner];
        let values = product_transposed(&Values::of(&gradient), &unfolded, shape);
        tensor(values, weight.shape().dims::<4>())
    }

    fn input_gradient(
        maps: FlexTensor,
        weight: FlexTensor,
        gradient: FlexTensor,
        window: Window,
    ) -> FlexTensor {
        let [outputs, images, down, across] = gradient.shape().dims();
        let inner = maps.shape().dims::<4>()[0] * window.taps();
        let shape = [inner, outputs, images * down * across];
        let unfolded = transposed_product(&Values::of(&weight), &Values::of(&gradient), shape);
        let shape = maps.shape().dims();
        tensor(fold(&unfolded, shape, window), shape)
    }
}

/// A tensor's numbers, row-major.
struct Values(FlexTensor);

impl Values {
    fn of(tensor: &FlexTensor) -> Self {
        Self(tensor.to_contiguous())
    }
}

impl std::ops::Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // A contiguous tensor of f32 is a slice of them.
        self.0.as_slice().unwrap_or_default()
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::new(
        Bytes::from_elems(values),
        Layout::contiguous(shape.into()),
        DType::F32,
    )
}

/// `[channels, images, height, width]` → `[channels · taps, images · height' · width']`: under each tap of the window, the
/// input at each place of the output, 0 beyond its edge.
fn unfold(maps: &[f32], shape: [usize; 4], window: Window) -> Vec<f32> {
    let mut unfolded = vec![0.0; Runs::len(shape, window)];
    Runs { shape, window }.each(|place, under, len| {
        let to = &mut unfolded[place..place + len];
        let from = maps[under..].iter().step_by(window.stride);
        to.iter_mut().zip(from).for_each(|(to, &from)| *to = from);
    });
    unfolded
}

/// The reverse of [`unfold`]: each place of the input gets the sum of what lies over it.
fn fold(unfolded: &[f32], shape: [usize; 4], window: Window) -> Vec<f32> {
    let mut maps = vec![0.0; shape.iter().product()];
    Runs { shape, window }.each(|place, under, len| {
        let from = &unfolded[place..place + len];
        let to = maps[under..].iter_mut().step_by(window.stride);
        to.zip(from).for_each(|(to, from)| *to += from);
    });
    maps
}

/// Places of an unfolded input that lie in a row of it.
struct Runs {
    shape: [usize; 4],
    window: Window,
}

impl Runs {
    fn len([channels, images, height, width]: [usize; 4], window: Window) -> usize {
        channels * window.taps() * images * window.output(height) * window.output(width)
    }

    /// Tells where each run begins in the unfolded input and in the input, and how long it is.
    fn each(&self, mut tell: impl FnMut(usize, usize, usize)) {
        let [channels, images, height, width] = self.shape;
        let window = self.window;
        let [down, across] = [height, width].map(|side| window.output(side));
        let mut place = 0;
        for channel in 0..channels {
            for tap in 0..window.taps() {
                let (rows, top) = window.inside(tap / window.kernel, height);
                let (columns, left) = window.inside(tap % window.kernel, width);
                for image in 0..images {
                    // Beyond a narrow input's edge there is none.
                    let rows = rows.clone().filter(|_| !columns.is_empty());
                    for (index, row) in rows.enumerate() {
                        let under =
                            (channel * images + image) * height + top + index * window.stride;
                        let run = place + row * across + columns.start;
                        tell(run, under * width + left, columns.len());
                    }
                    place += down * across;
                }
            }
        }
    }
}
