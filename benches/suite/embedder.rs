//! Embeds images once: what was embedded before, by the same weights, is read from a file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::dataset::Fingerprint;
use headstart::device::cpu_backend;
use headstart::image::Views;
use headstart::{Backbone, Classifier, Record};
use pollster::block_on;

use crate::parallel;
use crate::picture::Picture;

/// Keeps records of images by the SHA-256 of their content.
pub struct Embedder {
    backbone: Backbone,
    known: HashMap<String, Record>,
    file: PathBuf,
}

/// A folder or file of the reference data beside the checkout.
pub fn shared(path: &str) -> Result<PathBuf, String> {
    let root = std::env::var_os("HEADSTART_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let full = root.join(path);
    if full.exists() {
        return Ok(full);
    }
    Err(format!(
        "this needs {}: put the reference data there, or name its folder in HEADSTART_SHARED.",
        full.display()
    ))
}

impl Embedder {
    /// Reads the weights, or makes them from the reference checkpoint.
    pub fn load() -> Result<Self, String> {
        let backbone = Backbone::load(&weights()?, cpu_backend()).map_err(|e| e.to_string())?;
        let key = Classifier::new(backbone.clone(), Views::Centre).embedding_key();
        let name = format!("suite-{}.bin", key.replace('/', "-"));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Without the file everything is embedded anew.
        let bytes = std::fs::read(&file).unwrap_or_default();
        Ok(Self {
            known: records(&bytes).unwrap_or_default(),
            backbone,
            file,
        })
    }

    /// What the network gives.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// Records of images, by their hashes; `decode` is asked for those that are not known.
    pub fn records(
        &mut self,
        hashes: &[String],
        decode: impl Fn(usize) -> Result<Picture, String> + Sync,
    ) -> Result<Vec<Record>, String> {
        let unknown: Vec<usize> = (0..hashes.len())
            .filter(|&image| !self.known.contains_key(&hashes[image]))
            .collect();
        let found = parallel::map(&unknown, |&image| self.record(&decode(image)?));
        for (image, record) in unknown.into_iter().zip(found) {
            self.known.insert(hashes[image].clone(), record?);
        }
        Ok(hashes.iter().map(|hash| self.known[hash].clone()).collect())
    }

    /// The record of a picture.
    pub fn record(&self, picture: &Picture) -> Result<Record, String> {
        let mut classifier = Classifier::new(self.backbone.clone(), Views::Centre);
        let staged = classifier.stage("", &picture.rgba(), picture.width, picture.height);
        staged
            .and_then(|()| block_on(classifier.record_staged()))
            .map(|mut records| records.remove(0))
            .map_err(|error| error.to_string())
    }

    /// The fingerprint of a picture, which the network need not see.
    pub fn fingerprint(&self, picture: &Picture) -> Result<Fingerprint, String> {
        let mut classifier = Classifier::new(self.backbone.clone(), Views::Centre);
        let staged = classifier.stage("", &picture.rgba(), picture.width, picture.height);
        staged.map_err(|error| error.to_string())?;
        let crops = classifier.take_staged();
        Fingerprint::of_crop(&crops.bytes).ok_or_else(|| "it is no crop".into())
    }

    /// Writes what is known for the next run.
    pub fn save(&self) -> Result<(), String> {
        let mut bytes = Vec::new();
        for (hash, record) in &self.known {
            let record = record.to_bytes();
            bytes.extend((record.len() as u32).to_le_bytes());
            bytes.extend(hash.as_bytes());
            bytes.extend(record);
        }
        std::fs::write(&self.file, bytes)
            .map_err(|error| format!("{} cannot be written: {error}.", self.file.display()))
    }
}

/// What [`Embedder::save`] wrote; `None` where it is cut off.
fn records(mut bytes: &[u8]) -> Option<HashMap<String, Record>> {
    let mut known = HashMap::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (hash, rest) = rest.split_at_checked(64)?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        let hash = std::str::from_utf8(hash).ok()?.to_owned();
        known.insert(hash, Record::from_bytes(record).ok()?);
        bytes = rest;
    }
    Some(known)
}

/// The network's quantized weights, or those made of the reference checkpoint.
pub fn weights() -> Result<Vec<u8>, String> {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/resnet18-int8.safetensors");
    if let Ok(weights) = std::fs::read(&made) {
        return Ok(weights);
    }
    eprintln!("no weights/resnet18-int8.safetensors: quantizing the reference checkpoint");
    let checkpoint = shared("weights/resnet18-standin.pth")?;
    Checkpoint::read(&checkpoint)
        .and_then(|checkpoint| quantize(&checkpoint.weights, &checkpoint.sha256, Scheme::default()))
        .map_err(|error| error.to_string())
}
