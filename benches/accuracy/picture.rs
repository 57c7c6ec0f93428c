//! A decoded photo, and the few things that are done to one.

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use jpeg_encoder::{ColorType, Encoder};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// RGB pixels, `[height, width, 3]`.
#[derive(Clone)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Decodes a JPEG.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        let pixels = decoder.decode().map_err(|error| error.to_string())?;
        let (width, height) = decoder.dimensions().ok_or("it has no size")?;
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// What is left after saving as JPEG.
    pub fn saved(&self, quality: u8) -> Self {
        let mut bytes = Vec::new();
        Encoder::new(&mut bytes, quality)
            .encode(
                &self.pixels,
                self.width as u16,
                self.height as u16,
                ColorType::Rgb,
            )
            .expect("a picture can be encoded");
        Self::decode(&bytes).expect("what was encoded can be decoded")
    }

    /// The colour of a pixel.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let start = 3 * (y * self.width + x);
        [0, 1, 2].map(|channel| self.pixels[start + channel])
    }

    /// A picture of the same size, each pixel by its place.
    pub fn redrawn(&self, mut colour: impl FnMut(usize, usize) -> [u8; 3]) -> Self {
        let (width, height) = (self.width, self.height);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Self {
            pixels: places.flat_map(|(x, y)| colour(x, y)).collect(),
            ..*self
        }
    }

    /// A rectangle of it.
    pub fn cut(&self, left: usize, top: usize, width: usize, height: usize) -> Self {
        let row = |y: usize| &self.pixels[3 * (y * self.width + left)..][..3 * width];
        Self {
            width,
            height,
            pixels: (top..top + height).flat_map(row).copied().collect(),
        }
    }

    /// Half its width and height, averaged as image programs do.
    pub fn half(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let source = Image::from_vec_u8(
            self.width as u32,
            self.height as u32,
            self.pixels.clone(),
            PixelType::U8x3,
        )
        .expect("the pixels fit the size");
        let mut target = Image::new(width as u32, height as u32, PixelType::U8x3);
        let alg = ResizeAlg::Convolution(FilterType::Bilinear);
        Resizer::new()
            .resize(&source, &mut target, &ResizeOptions::new().resize_alg(alg))
            .expect("both have a size");
        Self {
            width,
            height,
            pixels: target.into_vec(),
        }
    }

    /// Blurred by a Gaussian of deviation 1, both ways one after the other; the border goes on outside.
    pub fn blurred(&self) -> Self {
        let weights = [-3.0_f64, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0].map(|x| (-x * x / 2.0).exp());
        let sum: f64 = weights.iter().sum();
        let mix = |colours: [[u8; 3]; 7]| {
            [0, 1, 2].map(|channel| {
                let parts = weights.iter().zip(&colours);
                let mixed: f64 = parts.map(|(w, c)| w * f64::from(c[channel])).sum();
                (mixed / sum).round() as u8
            })
        };
        let beside =
            |place: usize, step: usize, side: usize| (place + step).max(3).min(side + 2) - 3;
        const STEPS: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];
        let across = self.redrawn(|x, y| mix(STEPS.map(|s| self.at(beside(x, s, self.width), y))));
        across.redrawn(|x, y| mix(STEPS.map(|s| across.at(x, beside(y, s, self.height)))))
    }
}
