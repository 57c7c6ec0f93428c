//! `Aᵀ m A` of the products' sums.

use std::array::from_fn;

use super::tiles::{Place, Quad};
use super::transform::{IN, Tile, map_rows, rows, rows_mut};
use crate::backbone::kernels::epilogue::Epilogue;
use crate::backbone::kernels::gemm::{PANEL, ROWS, Sums};
use crate::backbone::kernels::shape::Size;
use crate::backbone::kernels::vector::{F32x4, LANES};

/// Vectors of a quad's sums.
const QUAD: usize = ROWS * PANEL / LANES;

/// What lies between the steps of a transform.
#[derive(Debug, Default)]
pub(super) struct Between {
    half: Vec<[f32; LANES]>,
    whole: Vec<[f32; LANES]>,
}

/// Where a panel's outputs go.
pub(super) struct Target<'a> {
    pub output: &'a mut [f32],
    pub size: Size,
    /// All output channels.
    pub channels: usize,
    /// The panel's first one.
    pub channel: usize,
    pub scale: [F32x4; 2],
    pub bias: [F32x4; 2],
    pub epilogue: Epilogue<'a>,
}

impl Target<'_> {
    /// Transforms a panel's sums, `[36, quads]`, and stores them; product `p`'s are at `sums[p · stride..]`.
    pub fn transform<T: Tile<KERNEL, OUT>, const KERNEL: usize, const OUT: usize>(
        &mut self,
        sums: &[Sums],
        stride: usize,
        quads: &[Quad],
        between: &mut Between,
    ) {
        let (sums, _) = sums.as_flattened().as_flattened().as_chunks::<LANES>();
        let stride = stride * QUAD;
        let len = quads.len() * QUAD;
        between.half.resize(IN * OUT * len, [0.0; LANES]);
        between.whole.resize(OUT * OUT * len, [0.0; LANES]);
        for row in 0..IN {
            let from = rows::<IN>(&sums[row * IN * stride..], stride, len);
            let to = rows_mut(&mut between.half[row * OUT * len..], len, len);
            map_rows(from, to, T::output);
        }
        for column in 0..OUT {
            let from = rows::<IN>(&between.half[column * len..], OUT * len, len);
            let to = rows_mut(&mut between.whole[column * len..], OUT * len, len);
            map_rows(from, to, T::output);
        }
        let places = quads.as_flattened().iter().enumerate();
        for (tile, place) in places.filter_map(|(tile, place)| Some((tile, (*place)?))) {
            self.store::<OUT>(&between.whole, len, tile, place);
        }
    }

    /// Stores one tile's outputs, those within the image.
    fn store<const OUT: usize>(
        &mut self,
        whole: &[[f32; LANES]],
        len: usize,
        tile: usize,
        place: Place,
    ) {
        let Size { height, width, .. } = self.size;
        for y in 0..OUT.min(height - place.y) {
            let row = (place.image * height + place.y + y) * width + place.x;
            for x in 0..OUT.min(width - place.x) {
                let vectors = &whole[(y * OUT + x) * len + tile * 2..][..2];
                let sums = from_fn(|half| F32x4::load(&vectors[half]));
                let offset = (row + x) * self.channels + self.channel;
                self.epilogue
                    .store(sums, &self.scale, &self.bias, offset, self.output);
            }
        }
    }
}
