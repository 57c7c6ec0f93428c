//! Reading a checkpoint: torch's `.pth` (zip and legacy) and `.safetensors`. Pickles are parsed, never
//! executed.

use std::collections::BTreeMap;
use std::path::Path;

use pytorch_reader::{DType, PytorchReader};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use sha2::{Digest, Sha256};

use super::quantize::{FloatTensor, FloatWeights};
use crate::image::hex;
use crate::tensor_file::f32_values;
use crate::{Error, Result};

/// SHA-256 of torchvision's `resnet18-f37072fd.pth` and of its older form, `resnet18-5c106cde.pth`.
pub const OFFICIAL_SHA256: [&str; 2] = [
    "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec",
    "5c106cde386e87d4033832f2996f5493238eda96ccf559d1d62760c4de0613f8",
];

/// What files that are not `.safetensors` have to be.
const PICKLE: &str = "checkpoint of PyTorch's";

/// A checkpoint's ResNet18 and where it came from.
#[derive(Debug)]
pub struct Checkpoint {
    /// The network.
    pub weights: FloatWeights,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

impl Checkpoint {
    /// Reads and checks a ResNet18 checkpoint.
    ///
    /// # Errors
    /// `FILE_UNUSABLE` when it cannot be read, `CHECKPOINT_INVALID` when it is not a ResNet18.
    pub fn read(path: &Path) -> Result<Self> {
        let sha256 = hex(&Sha256::digest(read_file(path)?));
        let weights = FloatWeights::from_state_dict(read_state_dict(path)?)
            .map_err(|problem| invalid(path, problem))?;
        Ok(Self { weights, sha256 })
    }

    /// Whether this is one of torchvision's own files.
    pub fn is_official(&self) -> bool {
        OFFICIAL_SHA256.contains(&self.sha256.as_str())
    }
}

/// Reads the tensors of a state dict as f32, whatever network they belong to. Integer tensors
/// (counters) are left out.
///
/// # Errors
/// `FILE_UNUSABLE`, `CHECKPOINT_INVALID`.
pub fn read_state_dict(path: &Path) -> Result<BTreeMap<String, FloatTensor>> {
    if path.extension().is_some_and(|ext| ext == "safetensors") {
        read_safetensors(path)
    } else {
        read_pth(path)
    }
}

fn read_pth(path: &Path) -> Result<BTreeMap<String, FloatTensor>> {
    // Opened first so that a missing file is said to be missing, not malformed.
    std::fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let reader = PytorchReader::new(path).map_err(|error| damaged(path, PICKLE, error))?;
    if reader.is_empty() {
        return Err(invalid(path, "it holds no tensors"));
    }
    let mut state = BTreeMap::new();
    for (name, tensor) in reader.tensors() {
        let bytes = || tensor.read().map_err(|error| damaged(path, PICKLE, error));
        let values = match tensor.dtype() {
            DType::F32 => f32_values(&bytes()?),
            DType::F64 => f64_values(&bytes()?),
            DType::I64 | DType::I32 | DType::I16 | DType::I8 | DType::U8 => continue,
            other => return Err(invalid(path, format!("the tensor {name} is {other:?}"))),
        };
        let shape = tensor.shape().to_vec();
        state.insert(name.clone(), FloatTensor { shape, values });
    }
    Ok(state)
}

fn read_safetensors(path: &Path) -> Result<BTreeMap<String, FloatTensor>> {
    let bytes = read_file(path)?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| damaged(path, "safetensors file", error))?;
    let mut state = BTreeMap::new();
    for (name, view) in file.tensors() {
        let values = match view.dtype() {
            Dtype::F32 => f32_values(view.data()),
            Dtype::F64 => f64_values(view.data()),
            Dtype::I64 | Dtype::I32 => continue,
            other => return Err(invalid(path, format!("the tensor {name} is {other:?}"))),
        };
        let shape = view.shape().to_vec();
        state.insert(name, FloatTensor { shape, values });
    }
    Ok(state)
}

fn f64_values(bytes: &[u8]) -> Vec<f32> {
    let chunks = bytes.as_chunks::<8>().0;
    chunks
        .iter()
        .map(|&c| f64::from_le_bytes(c) as f32)
        .collect()
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, "read", error)
}

/// It ends too early, or is not of the kind that its name says.
fn damaged(path: &Path, kind: &str, error: impl std::fmt::Display) -> Error {
    invalid(path, format!("it is cut short, or no {kind} ({error})"))
}

fn invalid(path: &Path, problem: impl std::fmt::Display) -> Error {
    Error::Checkpoint {
        path: path.display().to_string(),
        problem: problem.to_string(),
    }
}
