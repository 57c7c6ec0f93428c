//! Sizes of activations: `[images, height, width, channels]`, channels last, so that a pixel's channels
//! make whole vectors and no kernel transposes.

/// How many images of which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Images.
    pub images: usize,
    /// Rows of an image.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
}

impl Size {
    /// All pixels.
    pub fn pixels(self) -> usize {
        self.images * self.height * self.width
    }

    /// What comes out of a convolution or pooling that keeps the size at stride 1.
    pub fn strided(self, stride: usize) -> Self {
        Self {
            height: self.height.div_ceil(stride),
            width: self.width.div_ceil(stride),
            ..self
        }
    }

    /// The pixel's index, or `None` outside of the image: there the padding is.
    #[inline(always)]
    pub(in crate::backbone) fn pixel(self, image: usize, y: isize, x: isize) -> Option<usize> {
        let inside =
            (0..self.height as isize).contains(&y) && (0..self.width as isize).contains(&x);
        inside.then(|| (image * self.height + y as usize) * self.width + x as usize)
    }
}
