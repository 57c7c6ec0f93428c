//! What is done to a convolution's sums on their way to memory: scale, bias, shortcut and ReLU.

use super::gemm::PANEL;
use super::vector::{F32x4, LANES};

/// What follows a convolution.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Activations of the output's size to add.
    pub shortcut: Option<&'a [f32]>,
    /// Whether negative numbers become zero.
    pub relu: bool,
}

impl Epilogue<'_> {
    /// Stores eight channels of an output pixel, which begin at `offset`.
    #[inline(always)]
    pub(super) fn store(
        &self,
        sums: [F32x4; 2],
        scale: &[F32x4; 2],
        bias: &[F32x4; 2],
        offset: usize,
        output: &mut [f32],
    ) {
        let (to, _) = output[offset..offset + PANEL].as_chunks_mut::<LANES>();
        let mut values = [
            sums[0].mul_add(scale[0], bias[0]),
            sums[1].mul_add(scale[1], bias[1]),
        ];
        if let Some(shortcut) = self.shortcut {
            let (from, _) = shortcut[offset..offset + PANEL].as_chunks::<LANES>();
            values = [
                values[0] + F32x4::load(&from[0]),
                values[1] + F32x4::load(&from[1]),
            ];
        }
        if self.relu {
            values = values.map(|value| value.max(F32x4::zero()));
        }
        values[0].store(&mut to[0]);
        values[1].store(&mut to[1]);
    }
}
