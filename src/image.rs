//! Decoded pixels → the network's input, as Pillow and torchvision do it.
//!
//! The shorter side is resized to 256 with Pillow's antialiased bilinear filter, the central 224×224
//! is cropped, and each channel is scaled to [0, 1] and normalised with ImageNet's mean and deviation
//! (torchvision's `ResNet18_Weights.IMAGENET1K_V1.transforms()`). Further [`Views`] of an image are made
//! the same way.

use std::borrow::Cow;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The side of the network's square input, in pixels.
pub const INPUT_SIDE: usize = 224;
/// How many numbers one crop holds: 224×224 pixels of 3 channels.
pub const INPUT_LEN: usize = 3 * INPUT_SIDE * INPUT_SIDE;
/// What the shorter side is resized to before the crop, in pixels.
pub const RESIZED_SIDE: usize = 256;
/// The same for the closer view, whose crop is 70 % of the shorter side.
const CLOSER_SIDE: usize = 320;

/// The version of everything between a file and the network's answer to it. Raise it when the same file
/// comes to give another embedding by the same weights: when decoding, resizing, cropping, normalising, the
/// network's arithmetic, the crops of [`Views`] or how their embeddings are put together change. Embeddings
/// kept from before are then computed anew.
pub const PREPROCESSING_VERSION: u32 = 3;

/// ImageNet's channel means, for pixels scaled to [0, 1].
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// ImageNet's channel standard deviations.
const STD: [f32; 3] = [0.229, 0.224, 0.225];
/// The shortest side that an image may have, in pixels.
pub const MIN_SIDE: usize = 16;
/// The longest side that an image may have, in pixels: what browsers' canvases can hold.
pub const MAX_SIDE: usize = 16_384;
/// The largest area that an image may have, in millions of pixels: 400 MB once decoded.
pub const MAX_MEGAPIXELS: usize = 100;

/// Decoded pixels: rows from the top, interleaved channels, 8 bits each.
#[derive(Debug, Clone)]
pub struct Pixels<'a> {
    width: usize,
    height: usize,
    /// RGBA; what stands for alpha does not matter.
    data: Cow<'a, [u8]>,
}

impl<'a> Pixels<'a> {
    /// RGB pixels, `[height, width, 3]`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the length does not match the size or a side is zero.
    pub fn rgb(data: &[u8], width: usize, height: usize) -> Result<Self> {
        check_len(data, width, height, 3)?;
        let rgba = |p: &[u8]| [p[0], p[1], p[2], u8::MAX];
        Ok(Self {
            width,
            height,
            data: data.chunks_exact(3).flat_map(rgba).collect(),
        })
    }

    /// RGBA pixels, `[height, width, 4]`, not premultiplied. Alpha is dropped, as Pillow's
    /// `convert("RGB")` does.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when the length does not match the size or a side is zero.
    pub fn rgba(data: &'a [u8], width: usize, height: usize) -> Result<Self> {
        check_len(data, width, height, 4)?;
        Ok(Self {
            width,
            height,
            data: data.into(),
        })
    }
}

fn check_len(data: &[u8], width: usize, height: usize, pixel: usize) -> Result<()> {
    let expected = width
        .checked_mul(height)
        .and_then(|area| area.checked_mul(pixel));
    if width == 0 || height == 0 || expected != Some(data.len()) {
        let len = data.len();
        let problem = format!("{len} bytes do not make {width}x{height} pixels of {pixel} bytes");
        return Err(Error::invalid("pixels", problem));
    }
    Ok(())
}

/// Says whether an encoded image is worth decoding, from its header alone.
///
/// Formats whose header is not known here pass: the browser decides about them.
///
/// # Errors
/// `IMAGE_EMPTY`, `IMAGE_TOO_SMALL`, `IMAGE_TOO_LARGE`.
pub fn check_encoded(name: &str, bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Err(Error::ImageEmpty { name: name.into() });
    }
    match imagesize::blob_size(bytes) {
        Ok(size) => check_size(name, size.width, size.height),
        Err(_) => Ok(()),
    }
}

/// Says whether an image of this size can be used.
///
/// # Errors
/// `IMAGE_TOO_SMALL`, `IMAGE_TOO_LARGE`.
pub fn check_size(name: &str, width: usize, height: usize) -> Result<()> {
    if width.min(height) < MIN_SIDE {
        return Err(Error::ImageTooSmall {
            name: name.into(),
            width,
            height,
            min: MIN_SIDE,
        });
    }
    if width.max(height) > MAX_SIDE || width * height > MAX_MEGAPIXELS * 1_000_000 {
        return Err(Error::ImageTooLarge {
            name: name.into(),
            width,
            height,
            max_side: MAX_SIDE,
            max_megapixels: MAX_MEGAPIXELS,
        });
    }
    Ok(())
}

/// SHA-256 of an image's encoded bytes, in hex: what makes two files the same image.
pub fn content_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of decoded pixels and their size, for images that come without a file.
pub fn pixel_hash(pixels: &Pixels) -> String {
    let mut hasher = Sha256::new();
    hasher.update((pixels.width as u64).to_le_bytes());
    hasher.update((pixels.height as u64).to_le_bytes());
    hasher.update(&pixels.data);
    hex(&hasher.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is embedded of an image; the embeddings of several views are averaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Views {
    /// The central crop.
    #[default]
    Centre,
    /// The central crop and its mirror image.
    Flip,
    /// The central crop, a closer one, and both mirrored.
    Crops,
}

impl std::fmt::Display for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Centre => "centre",
            Self::Flip => "flip",
            Self::Crops => "crops",
        })
    }
}

impl std::str::FromStr for Views {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [Self::Centre, Self::Flip, Self::Crops]
            .into_iter()
            .find(|views| views.to_string() == name)
            .ok_or_else(|| {
                let names = "\"centre\", \"flip\" or \"crops\"";
                Error::invalid("views", format!("it must be {names}, not \"{name}\""))
            })
    }
}

impl Views {
    /// How many inputs an image makes.
    pub fn count(self) -> usize {
        match self {
            Self::Centre => 1,
            Self::Flip => 2,
            Self::Crops => 4,
        }
    }

    /// Appends the crops `[count, 224, 224, 3]` of an image; the first is the central one.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if the resize library refuses the pixels.
    pub fn append(self, pixels: &Pixels, crops: &mut Vec<u8>) -> Result<()> {
        let mut sides = vec![RESIZED_SIDE];
        if self == Self::Crops {
            sides.push(CLOSER_SIDE);
        }
        for side in sides {
            let crop = resize_and_crop(pixels, side)?;
            crops.extend(&crop);
            if self != Self::Centre {
                crops.extend(mirrored(&crop));
            }
        }
        Ok(())
    }
}

/// How far a shifted crop lies from the central one at most, in pixels of the resized image, each way.
const SHIFT: usize = (RESIZED_SIDE - INPUT_SIDE) / 2;

/// Appends crops of an image that training sees besides those that it is embedded by, `[count, 224, 224, 3]`: the mirrored
/// one, where `views` has none, and a shifted one and its mirror image. `seed` says where to.
///
/// # Errors
/// `INVALID_ARGUMENT` if the resize library refuses the pixels.
pub fn append_training_crops(
    views: Views,
    pixels: &Pixels,
    seed: u64,
    crops: &mut Vec<u8>,
) -> Result<()> {
    if views == Views::Centre {
        let central = resize_and_crop(pixels, RESIZED_SIDE)?;
        crops.extend(mirrored(&central));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let shifted = crop_region(pixels.width, pixels.height, RESIZED_SIDE);
    let mut shift = |start: f64, side: f64, whole: usize| {
        let most = SHIFT as f64 * side / INPUT_SIDE as f64;
        let moved = start + rng.random_range(-1.0..=1.0) * most;
        moved.clamp(0.0, (whole as f64 - side).max(0.0))
    };
    let region = Region {
        left: shift(shifted.left, shifted.width, pixels.width),
        top: shift(shifted.top, shifted.height, pixels.height),
        ..shifted
    };
    let crop = resize_region(pixels, region)?;
    crops.extend(&crop);
    crops.extend(mirrored(&crop));
    Ok(())
}

/// How many crops [`append_training_crops`] appends.
pub fn training_crops(views: Views) -> usize {
    match views {
        Views::Centre => 3,
        Views::Flip | Views::Crops => 2,
    }
}

/// A crop `[224, 224, 3]` with left and right swapped.
fn mirrored(crop: &[u8]) -> impl Iterator<Item = u8> {
    crop.chunks_exact(3 * INPUT_SIDE)
        .flat_map(|row| row.rchunks_exact(3).flatten().copied())
}

/// A rectangle of an image, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Region {
    /// From the left edge.
    pub left: f64,
    /// From the top edge.
    pub top: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// The part of a `width`×`height` image that the central crop shows.
pub fn central_region(width: usize, height: usize) -> Region {
    crop_region(width, height, RESIZED_SIDE)
}

fn crop_region(width: usize, height: usize, resized_side: usize) -> Region {
    let (resized_width, resized_height) = resized_size(width, height, resized_side);
    let scale_x = width as f64 / resized_width as f64;
    let scale_y = height as f64 / resized_height as f64;
    let side = INPUT_SIDE as f64;
    Region {
        left: crop_offset(resized_width) as f64 * scale_x,
        top: crop_offset(resized_height) as f64 * scale_y,
        width: side * scale_x,
        height: side * scale_y,
    }
}

/// Resizes the shorter side to `resized_side` and crops the central 224×224: RGB, `[224, 224, 3]`.
///
/// Only the pixels that the crop needs are computed, so a panorama costs no more than a square.
///
/// # Errors
/// `INVALID_ARGUMENT` if the resize library refuses the pixels.
///
/// # Panics
/// If `resized_side` is less than 224: there is no such crop.
pub fn resize_and_crop(pixels: &Pixels, resized_side: usize) -> Result<Vec<u8>> {
    assert!(resized_side >= INPUT_SIDE, "the crop must fit");
    // The crop in the source's coordinates; the filter may still read beyond it, as in Pillow.
    resize_region(
        pixels,
        crop_region(pixels.width, pixels.height, resized_side),
    )
}

/// A part of an image as a crop `[224, 224, 3]`.
fn resize_region(pixels: &Pixels, region: Region) -> Result<Vec<u8>> {
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .use_alpha(false)
        .crop(region.left, region.top, region.width, region.height);
    let refused = |error: &dyn std::fmt::Display| Error::invalid("pixels", error.to_string());
    let source = ImageRef::new(
        pixels.width as u32,
        pixels.height as u32,
        &pixels.data,
        PixelType::U8x4,
    )
    .map_err(|error| refused(&error))?;
    let mut target = Image::new(INPUT_SIDE as u32, INPUT_SIDE as u32, PixelType::U8x4);
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| refused(&error))?;
    let rgb = |p: &[u8]| [p[0], p[1], p[2]];
    Ok(target.into_vec().chunks_exact(4).flat_map(rgb).collect())
}

/// torchvision's `Resize(side)`: the shorter side becomes `side`, the longer one is truncated.
fn resized_size(width: usize, height: usize, side: usize) -> (usize, usize) {
    if width <= height {
        (side, side * height / width)
    } else {
        (side * width / height, side)
    }
}

/// torchvision's `CenterCrop(224)`: half of what is over, rounded half to even as Python does.
fn crop_offset(side: usize) -> usize {
    let over = side - INPUT_SIDE;
    let half = over / 2;
    if over % 2 == 1 && half % 2 == 1 {
        half + 1
    } else {
        half
    }
}

/// A channel's scale and shift: `value · scale + shift` is `(value / 255 − mean) / deviation`.
pub(crate) fn normalization(channel: usize) -> (f32, f32) {
    (1.0 / (255.0 * STD[channel]), -MEAN[channel] / STD[channel])
}

/// Scales and normalises a crop `[224, 224, 3]` and appends it as `[3, 224, 224]`.
///
/// # Panics
/// Never for the output of [`resize_and_crop`]; a crop of another length is a programming error.
pub fn normalize_into(crop: &[u8], input: &mut Vec<f32>) {
    assert_eq!(crop.len(), INPUT_LEN, "a crop is 224x224 RGB");
    input.reserve(INPUT_LEN);
    for channel in 0..3 {
        let (scale, shift) = normalization(channel);
        input.extend(
            crop[channel..]
                .iter()
                .step_by(3)
                .map(|&value| f32::from(value) * scale + shift),
        );
    }
}
