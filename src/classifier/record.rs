//! What is kept of an image, as bytes: so that it can be stored anywhere and added again without the image.

use crate::dataset::NewImage;
use crate::dataset::fingerprint::{FINGERPRINT_LEN, Fingerprint};
use crate::{Error, Result};

/// What is kept of an image: all that training, judging and comparing need of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What is where in it, to find its near-duplicates by.
    pub fingerprint: Fingerprint,
    /// Its features.
    pub embedding: Vec<f32>,
}

impl Record {
    /// The image that it is of, to be added to a dataset: one whose side the split decides.
    pub fn image<'a>(&'a self, name: &'a str, hash: &'a str, label: &'a str) -> NewImage<'a> {
        NewImage {
            fingerprint: Some(&self.fingerprint),
            ..NewImage::new(name, hash, label, &self.embedding)
        }
    }

    /// The fingerprint's bytes, then the numbers of the embedding, four bytes each, least significant first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.fingerprint.to_bytes().to_vec();
        bytes.extend(self.embedding.iter().flat_map(|value| value.to_le_bytes()));
        bytes
    }

    /// The record in bytes that [`to_bytes`](Self::to_bytes) gave.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for bytes that are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let parts = bytes.split_first_chunk::<FINGERPRINT_LEN>();
        let Some((fingerprint, (values, []))) =
            parts.map(|(first, rest)| (first, rest.as_chunks::<4>()))
        else {
            let problem = format!("{} bytes are not a record of an image", bytes.len());
            return Err(Error::invalid("record", problem));
        };
        let values = values.iter().map(|&value| f32::from_le_bytes(value));
        Ok(Self {
            fingerprint: Fingerprint::from_bytes(fingerprint),
            embedding: values.collect(),
        })
    }
}
