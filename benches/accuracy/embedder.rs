//! Embeds inputs once: what was embedded before, by the same weights, is read from a file.

use std::collections::HashMap;
use std::path::PathBuf;

use burn::tensor::{Tensor, TensorData};
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::backbone::weights::QuantizedWeights;
use headstart::backbone::{EMBEDDING_LEN, ResNet18};
use headstart::device;
use headstart::image::{INPUT_LEN, INPUT_SIDE, Pixels, Views, content_hash};
use sha2::{Digest, Sha256};

use crate::parallel::{self, cores};
use crate::photos::shared;
use crate::picture::Picture;

const HASH_LEN: usize = 32;
const RECORD_LEN: usize = HASH_LEN + 4 * EMBEDDING_LEN;
/// Inputs that go through the network at once, on each core.
const BATCH: usize = 4;

/// An input's hash with the input, or with its embedding.
type Hashed = ([u8; HASH_LEN], Vec<f32>);

/// The backbone, and all that it has embedded so far, by the SHA-256 of its input.
pub struct Embedder {
    /// The quantized weights file.
    pub weights: Vec<u8>,
    network: Option<ResNet18>,
    known: HashMap<[u8; HASH_LEN], Vec<f32>>,
    file: PathBuf,
}

impl Embedder {
    /// Reads the weights, or makes them from the reference checkpoint.
    pub fn load() -> Result<Self, String> {
        let weights = weights()?;
        let name = format!("accuracy-{}.bin", &content_hash(&weights)[..16]);
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Without the file everything is embedded anew.
        let known = std::fs::read(&file).unwrap_or_default();
        Ok(Self {
            weights,
            network: None,
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
        let mut pending: Vec<Hashed> = Vec::new();
        let mut keys = Vec::with_capacity(pictures.len());
        for picture in pictures {
            let mut inputs = Vec::new();
            Pixels::rgb(&picture.pixels, picture.width, picture.height)
                .and_then(|pixels| views.append(&pixels, &mut inputs))
                .map_err(|error| error.to_string())?;
            for input in inputs.chunks_exact(INPUT_LEN) {
                let key = hash(input);
                keys.push(key);
                if !self.known.contains_key(&key) {
                    pending.push((key, input.to_vec()));
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

    fn run(&mut self, pending: &mut Vec<Hashed>) -> Result<(), String> {
        if pending.is_empty() {
            return Ok(());
        }
        let device = device::cpu();
        if self.network.is_none() {
            let network = QuantizedWeights::parse(&self.weights)
                .and_then(|weights| ResNet18::load(&weights, &device))
                .map_err(|error| error.to_string())?;
            self.network = Some(network);
        }
        let network = self.network.as_ref().expect("it was just loaded");
        let batches: Vec<_> = pending.chunks(BATCH).collect();
        for rows in parallel::map(&batches, |batch| features(network, batch)) {
            self.known.extend(rows?);
        }
        pending.clear();
        Ok(())
    }
}

/// Embeddings of inputs `[3, 224, 224]`, each with the input's hash.
fn features(network: &ResNet18, batch: &[Hashed]) -> Result<Vec<Hashed>, String> {
    let inputs: Vec<f32> = batch.iter().flat_map(|(_, input)| input).copied().collect();
    let inputs = TensorData::new(inputs, [batch.len(), 3, INPUT_SIDE, INPUT_SIDE]);
    let embeddings = network
        .features(Tensor::from_data(inputs, &device::cpu()))
        .into_data()
        .try_into_vec::<f32>()
        .map_err(|error| format!("The embeddings cannot be read: {error:?}."))?;
    let rows = embeddings.chunks_exact(EMBEDDING_LEN).map(<[f32]>::to_vec);
    Ok(batch.iter().map(|(key, _)| *key).zip(rows).collect())
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

fn hash(input: &[f32]) -> [u8; HASH_LEN] {
    let mut hasher = Sha256::new();
    for value in input {
        hasher.update(value.to_le_bytes());
    }
    hasher.finalize().into()
}

fn record(bytes: &[u8]) -> Hashed {
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
