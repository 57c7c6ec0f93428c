//! Embeds crops once: what was embedded before, by the same weights, is read from a file.

use std::collections::HashMap;
use std::path::PathBuf;

use headstart::Backbone;
use headstart::backbone::EMBEDDING_LEN;
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::device::cpu_backend;
use headstart::image::{INPUT_LEN, PREPROCESSING_VERSION, Pixels, Views, content_hash};
use pollster::block_on;
use sha2::{Digest, Sha256};

use crate::parallel::{self, cores};
use crate::photos::shared;
use crate::picture::Picture;

const HASH_LEN: usize = 32;
const RECORD_LEN: usize = HASH_LEN + 4 * EMBEDDING_LEN;
/// Crops that go through the network at once, on each core.
const BATCH: usize = 4;

type Hash = [u8; HASH_LEN];

/// The backbone, and all that it has embedded so far, by the SHA-256 of its crop.
pub struct Embedder {
    /// The quantized weights file.
    pub weights: Vec<u8>,
    backbone: Option<Backbone>,
    known: HashMap<Hash, Vec<f32>>,
    file: PathBuf,
}

impl Embedder {
    /// Reads the weights, or makes them from the reference checkpoint.
    pub fn load() -> Result<Self, String> {
        let weights = weights()?;
        let hash = &content_hash(&weights)[..16];
        let name = format!("accuracy-{hash}-{PREPROCESSING_VERSION}.bin");
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Without the file everything is embedded anew.
        let known = std::fs::read(&file).unwrap_or_default();
        Ok(Self {
            weights,
            backbone: None,
            known: known.chunks_exact(RECORD_LEN).map(record).collect(),
            file,
        })
    }

    /// Embeddings of each view of each picture.
    pub fn embed(
        &mut self,
        pictures: &[Picture],
        views: Views,
    ) -> Result<Vec<Vec<Vec<f32>>>, String> {
        let mut pending: Vec<(Hash, Vec<u8>)> = Vec::new();
        let mut keys: Vec<Hash> = Vec::with_capacity(pictures.len());
        for picture in pictures {
            let mut crops = Vec::new();
            Pixels::rgb(&picture.pixels, picture.width, picture.height)
                .and_then(|pixels| views.append(&pixels, &mut crops))
                .map_err(|error| error.to_string())?;
            for crop in crops.chunks_exact(INPUT_LEN) {
                let key = Sha256::digest(crop).into();
                keys.push(key);
                if !self.known.contains_key(&key) {
                    pending.push((key, crop.to_vec()));
                }
            }
            if pending.len() >= BATCH * cores() {
                self.run(&mut pending)?;
            }
        }
        self.run(&mut pending)?;
        let embeddings: Vec<Vec<f32>> = keys.iter().map(|key| self.known[key].clone()).collect();
        Ok(embeddings
            .chunks_exact(views.count())
            .map(<[_]>::to_vec)
            .collect())
    }

    /// Writes what is known for the next run.
    pub fn save(&self) -> Result<(), String> {
        let mut bytes = Vec::with_capacity(self.known.len() * RECORD_LEN);
        for (key, embedding) in &self.known {
            bytes.extend(key);
            bytes.extend(embedding.iter().flat_map(|value| value.to_le_bytes()));
        }
        std::fs::write(&self.file, bytes)
            .map_err(|error| format!("{} cannot be written: {error}.", self.file.display()))
    }

    fn run(&mut self, pending: &mut Vec<(Hash, Vec<u8>)>) -> Result<(), String> {
        if pending.is_empty() {
            return Ok(());
        }
        if self.backbone.is_none() {
            let backbone = Backbone::load(&self.weights, cpu_backend());
            self.backbone = Some(backbone.map_err(|error| error.to_string())?);
        }
        let backbone = self.backbone.as_ref().expect("it was just loaded");
        let batches: Vec<_> = pending.chunks(BATCH).collect();
        for rows in parallel::map(&batches, |batch| embeddings(backbone, batch)) {
            self.known.extend(rows?);
        }
        pending.clear();
        Ok(())
    }
}

/// Embeddings of crops, each with the crop's hash.
fn embeddings(
    backbone: &Backbone,
    batch: &[(Hash, Vec<u8>)],
) -> Result<Vec<(Hash, Vec<f32>)>, String> {
    let crops: Vec<u8> = batch.iter().flat_map(|(_, crop)| crop).copied().collect();
    let features = block_on(backbone.run(&crops, false)).map_err(|error| error.to_string())?;
    let rows = features.embeddings.chunks_exact(EMBEDDING_LEN);
    let keys = batch.iter().map(|(key, _)| *key);
    Ok(keys.zip(rows.map(<[f32]>::to_vec)).collect())
}

fn weights() -> Result<Vec<u8>, String> {
    let made = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("weights/resnet18-int8.safetensors");
    if let Ok(weights) = std::fs::read(&made) {
        return Ok(weights);
    }
    eprintln!("no weights/resnet18-int8.safetensors: quantizing the reference checkpoint");
    let checkpoint = shared("weights/resnet18-standin.pth")?;
    Checkpoint::read(&checkpoint)
        .and_then(|checkpoint| quantize(&checkpoint.weights, &checkpoint.sha256, Scheme::default()))
        .map_err(|error| error.to_string())
}

fn record(bytes: &[u8]) -> (Hash, Vec<f32>) {
    let mut key = [0; HASH_LEN];
    key.copy_from_slice(&bytes[..HASH_LEN]);
    let values = bytes[HASH_LEN..].as_chunks::<4>().0;
    (
        key,
        values
            .iter()
            .map(|&value| f32::from_le_bytes(value))
            .collect(),
    )
}
