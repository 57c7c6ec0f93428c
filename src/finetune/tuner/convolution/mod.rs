//! Convolutions that burn's autodiff can go back through: an extension of its backends.
//!
//! Maps are `[channels, images, height, width]`, so that a convolution of all images is one product of matrices:
//! weights `[out, in · kernel²]` with the input unfolded, `[in · kernel², images · height · width]`.

mod autodiff;
#[cfg(feature = "finetune-cpu")]
mod cpu;
mod window;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

pub use window::Window;

/// What a backend has to have to train convolutions. Padding keeps the size at stride 1; there is no bias.
#[backend_extension(Flex: cfg(feature = "finetune-cpu"), Autodiff)]
pub trait ConvolutionOps: Backend {
    /// Maps `[in, images, height, width]` and weights `[out, in, kernel, kernel]` → maps `[out, images, height', width']`.
    fn convolution(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;
}

/// How a loss grows with what went into a convolution, from how it grows with what came out.
pub trait ConvolutionGradients: ConvolutionOps {
    /// With its weights, `[out, in, kernel, kernel]`.
    fn weight_gradient(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;

    /// With its input, `[in, images, height, width]`.
    fn input_gradient(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;
}

/// The convolution of maps `[in, images, height, width]` with weights `[out, in, kernel, kernel]`.
///
/// ```no_run
/// use burn::tensor::{Device, Distribution, Tensor};
/// use headstart::finetune::tuner::{Window, convolution};
///
/// let device = Device::flex().autodiff();
/// let maps = Tensor::<4>::random([3, 2, 8, 8], Distribution::Default, &device);
/// let weight = Tensor::<4>::random([5, 3, 3, 3], Distribution::Default, &device).require_grad();
/// let output = convolution(maps, weight.clone(), Window { kernel: 3, stride: 2 });
/// assert_eq!(output.dims(), [5, 2, 4, 4]);
/// assert_eq!(weight.grad(&output.sum().backward()).map(|g| g.dims()), Some([5, 3, 3, 3]));
/// ```
pub fn convolution(maps: Tensor<4>, weight: Tensor<4>, window: Window) -> Tensor<4> {
    let (maps, weight) = (maps.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(<Dispatch as ConvolutionOps>::convolution(
        maps, weight, window,
    ))
}
