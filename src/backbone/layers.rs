//! ResNet18's convolutions under torchvision's names, in the order in which data meets them.
//!
//! Source: He et al. 2016, "Deep Residual Learning for Image Recognition", table 1; torchvision's
//! `resnet18`.

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
    fn new(name: String, norm: String, channels: [usize; 2], kernel: usize, stride: usize) -> Self {
        Self {
            name,
            norm,
            channels_in: channels[0],
            channels_out: channels[1],
            kernel,
            stride,
        }
    }

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

/// Channels of `layer1` to `layer4`.
pub const STAGE_CHANNELS: [usize; 4] = [64, 128, 256, 512];
/// Blocks in each stage.
pub const BLOCKS: usize = 2;
/// The ImageNet classes of the original classifier.
pub const IMAGENET_CLASSES: usize = 1000;

/// The stem, `conv1`.
pub fn stem() -> ConvLayer {
    ConvLayer::new("conv1".into(), "bn1".into(), [3, 64], 7, 2)
}

/// The convolutions of block `block` of stage `stage` (from 0): `conv1`, `conv2`, and the
/// `downsample` of a block that changes the shape.
pub fn block(stage: usize, block: usize) -> (ConvLayer, ConvLayer, Option<ConvLayer>) {
    let prefix = format!("layer{}.{block}", stage + 1);
    let channels_out = STAGE_CHANNELS[stage];
    let first_of_narrower = stage > 0 && block == 0;
    let (channels_in, stride) = if first_of_narrower {
        (STAGE_CHANNELS[stage - 1], 2)
    } else {
        (channels_out, 1)
    };
    let conv = |index: usize, channels, stride| {
        ConvLayer::new(
            format!("{prefix}.conv{index}"),
            format!("{prefix}.bn{index}"),
            channels,
            3,
            stride,
        )
    };
    let downsample = first_of_narrower.then(|| {
        ConvLayer::new(
            format!("{prefix}.downsample.0"),
            format!("{prefix}.downsample.1"),
            [channels_in, channels_out],
            1,
            stride,
        )
    });
    (
        conv(1, [channels_in, channels_out], stride),
        conv(2, [channels_out, channels_out], 1),
        downsample,
    )
}

/// All twenty convolutions.
pub fn convolutions() -> Vec<ConvLayer> {
    let mut all = vec![stem()];
    for stage in 0..STAGE_CHANNELS.len() {
        for index in 0..BLOCKS {
            let (conv1, conv2, downsample) = block(stage, index);
            all.extend([conv1, conv2]);
            all.extend(downsample);
        }
    }
    all
}
