//! A decoded photo, and the few things that are done to one.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{ImageFormat, RgbImage};
use jpeg_encoder::{ColorType, Encoder};

/// RGB pixels, `[height, width, 3]`.
#[derive(Clone)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// Decodes an image file.
    pub fn read(path: &Path) -> Result<Self, String> {
        std::fs::read(path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| Self::decode(&bytes))
            .map_err(|error| format!("{} cannot be decoded: {error}.", path.display()))
    }

    /// Decodes an image, of any format that is known by its content.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let image = image::load_from_memory(bytes).map_err(|error| error.to_string())?;
        let pixels = image.into_rgb8();
        Ok(Self {
            width: pixels.width() as usize,
            height: pixels.height() as usize,
            pixels: pixels.into_raw(),
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

    /// `[height, width, 4]`, opaque.
    pub fn rgba(&self) -> Vec<u8> {
        let pixels = self.pixels.chunks_exact(3);
        pixels.flat_map(|p| [p[0], p[1], p[2], u8::MAX]).collect()
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

    /// So many times less wide and high, averaged as image programs do.
    pub fn smaller(&self, times: u32) -> Self {
        let (width, height) = (self.width as u32, self.height as u32);
        let whole = RgbImage::from_raw(width, height, self.pixels.clone());
        let whole = whole.expect("the pixels fit the size");
        let (width, height) = ((width / times).max(1), (height / times).max(1));
        let smaller = imageops::resize(&whole, width, height, FilterType::Triangle);
        Self {
            width: width as usize,
            height: height as usize,
            pixels: smaller.into_raw(),
        }
    }
}

/// Whether a file has the name of an image that can be decoded.
pub fn is_picture(path: &Path) -> bool {
    ImageFormat::from_path(path).is_ok_and(|format| format.reading_enabled())
}
