//! How images fall into tiles, and the tiles into quads.

use std::array::from_fn;

use crate::backbone::kernels::gemm::ROWS;
use crate::backbone::kernels::shape::Size;

/// The tiles of all images, row by row.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    images: usize,
    down: usize,
    across: usize,
    /// Output pixels of a tile in each direction.
    side: usize,
}

/// A tile's image, and its first output pixel there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub image: usize,
    pub y: usize,
    pub x: usize,
}

/// Where four tiles are; the last quad may have fewer.
pub(super) type Quad = [Option<Place>; ROWS];

impl Tiles {
    pub fn of(size: Size, side: usize) -> Self {
        Self {
            images: size.images,
            down: size.height.div_ceil(side),
            across: size.width.div_ceil(side),
            side,
        }
    }

    fn len(self) -> usize {
        self.images * self.down * self.across
    }

    pub fn quads(self) -> usize {
        self.len().div_ceil(ROWS)
    }

    pub fn quad(self, quad: usize) -> Quad {
        from_fn(|index| {
            let tile = quad * ROWS + index;
            let (row, column) = (tile / self.across, tile % self.across);
            (tile < self.len()).then(|| Place {
                image: row / self.down,
                y: row % self.down * self.side,
                x: column * self.side,
            })
        })
    }
}
