//! A convolution's shape and names.

/// One convolution: square kernel, padding that keeps the size at stride 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvLayer {
    /// torchvision's name without `.weight`, for example `layer2.0.downsample.0`.
    pub name: String,
    /// The batch norm that follows it, for example `layer2.0.downsample.1`.
    pub norm: String,
    /// Input channels.
    pub channels_in: usize,
    /// Output channels.
    pub channels_out: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Stride in both directions.
    pub stride: usize,
}

impl ConvLayer {
    /// The weight's shape, `[channels_out, channels_in, kernel, kernel]`.
    pub fn shape(&self) -> [usize; 4] {
        [
            self.channels_out,
            self.channels_in,
            self.kernel,
            self.kernel,
        ]
    }

    /// How many weights one output channel has.
    pub fn weights_per_channel(&self) -> usize {
        self.channels_in * self.kernel * self.kernel
    }
}
