//! Fingerprints: what is where in a picture, coarsely, to find its near-duplicates by.
//!
//! A fingerprint holds two band-passed grey pictures of the crop, of 32 × 32 and 16 × 16 signed bytes, each
//! divided by the contrast around every place, and the crop's mean colour. All arithmetic is on whole
//! numbers, so that every machine gives the same bytes.
//!
//! It is no thumbnail: brightness, colour (but for its mean), detail finer than about 14 pixels and how
//! strong a contrast was are gone. It is no secret either: outlines can be drawn from it, enough to tell a
//! hand from a bottle, and whoever has a picture can tell whether a fingerprint is of it.

mod band;
mod key;
mod register;
mod similarity;

use band::{Bands, bands};
pub(super) use key::{FinerKey, Probe, RoughKey};
pub(super) use register::Picture;
pub(super) use similarity::Similarity;

/// Cells along a side of the fine picture.
const FINE: usize = 32;
/// Cells along a side of the coarse picture.
const COARSE: usize = FINE / 2;
/// The mean colour's bytes: red, green and blue.
const COLOUR: usize = 3;

/// Where the bytes of the fine picture begin.
#[cfg(test)]
pub(super) const FINE_AT: usize = COLOUR + COARSE * COARSE;

/// Bytes of a [`Fingerprint`].
pub const FINGERPRINT_LEN: usize = COLOUR + COARSE * COARSE + FINE * FINE;

/// What is where in a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    colour: [u8; COLOUR],
    coarse: [i8; COARSE * COARSE],
    fine: [i8; FINE * FINE],
}

impl Fingerprint {
    /// Of a crop, `[224, 224, 3]` u8 RGB; `None` if it has another length.
    pub fn of_crop(crop: &[u8]) -> Option<Self> {
        let Bands {
            colour,
            coarse,
            fine,
        } = bands(crop)?;
        Some(Self {
            colour,
            coarse,
            fine,
        })
    }

    /// Its bytes: the mean colour, then the coarse and the fine picture, row by row, in two's complement.
    pub fn to_bytes(&self) -> [u8; FINGERPRINT_LEN] {
        let mut bytes = [0; FINGERPRINT_LEN];
        let signed = self.coarse.iter().chain(&self.fine);
        let values = self.colour.iter().copied();
        let values = values.chain(signed.map(|value| value.cast_unsigned()));
        for (byte, value) in bytes.iter_mut().zip(values) {
            *byte = value;
        }
        bytes
    }

    /// From what [`to_bytes`](Self::to_bytes) gave; any bytes are some fingerprint's.
    pub fn from_bytes(bytes: &[u8; FINGERPRINT_LEN]) -> Self {
        let (colour, pictures) = bytes.split_at(COLOUR);
        let (coarse, fine) = pictures.split_at(COARSE * COARSE);
        Self {
            colour: std::array::from_fn(|at| colour[at]),
            coarse: std::array::from_fn(|at| coarse[at].cast_signed()),
            fine: std::array::from_fn(|at| fine[at].cast_signed()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
