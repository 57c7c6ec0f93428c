//! The network on its device, with what it was loaded from.

use std::sync::Arc;

use burn::tensor::Device;

use super::resnet::ResNet18;
use super::weights::QuantizedWeights;
use crate::Result;
use crate::device::{Backend, Memory, Reclaim};
use crate::image::content_hash;

/// The frozen network on a device. A clone is the same network: it shares the tensors, and the last one to
/// be dropped frees them.
///
/// ```no_run
/// # use headstart::{Backbone, Classifier, device::cpu_backend, image::Views};
/// # fn main() -> headstart::Result<()> {
/// let weights = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
/// let backbone = Backbone::load(&weights, cpu_backend())?;
/// let insects = Classifier::new(backbone.clone(), Views::Centre);
/// let leaves = Classifier::new(backbone, Views::Flip);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Backbone(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    network: ResNet18,
    weights_hash: String,
    backend: Backend,
    _reclaim: Reclaim,
}

impl Backbone {
    /// Loads a quantized weights file onto a backend.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT`, `WEIGHTS_UNSUPPORTED`.
    pub fn load(weights: &[u8], backend: Backend) -> Result<Self> {
        let network = ResNet18::load(&QuantizedWeights::parse(weights)?, &backend.device)?;
        Ok(Self(Arc::new(Loaded {
            network,
            weights_hash: content_hash(weights),
            _reclaim: Reclaim(backend.device.clone()),
            backend,
        })))
    }

    /// What computes.
    pub fn backend(&self) -> &Backend {
        &self.0.backend
    }

    /// SHA-256 of the weights file, in hex.
    pub fn hash(&self) -> &str {
        &self.0.weights_hash
    }

    /// The network itself.
    pub fn network(&self) -> &ResNet18 {
        &self.0.network
    }

    /// Memory in use, by all that shares the module and the device. Waits for nothing.
    pub fn memory(&self) -> Memory {
        Memory::of(self.device())
    }

    pub(crate) fn device(&self) -> &Device {
        &self.0.backend.device
    }
}
