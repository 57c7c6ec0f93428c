//! The network on its device, with what it was loaded from.

use std::sync::Arc;

use super::engine::{Engine, Features};
use super::layout::Layout;
use super::network::{Cut, Description};
use super::tail::TailWeights;
use super::weights::QuantizedWeights;
use crate::device::{Backend, Memory, Reclaim};
use crate::image::{INPUT_LEN, content_hash};
use crate::{Error, Result};

/// The frozen network on a device. A clone is the same network: it shares the weights, and the last one to
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
    engine: Engine,
    network: Description,
    layout: Layout,
    weights_hash: String,
    /// As the file has it: what fine-tuning begins with.
    tail: Arc<TailWeights>,
    backend: Backend,
    _reclaim: Reclaim,
}

impl Backbone {
    /// Loads a quantized weights file onto a backend.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT`, `WEIGHTS_UNSUPPORTED`.
    pub fn load(weights: &[u8], backend: Backend) -> Result<Self> {
        let network = Description::resnet18();
        let parsed = QuantizedWeights::parse(weights)?;
        let engine = Engine::load(&network, &parsed, &backend)?;
        let tail = TailWeights::of(&network, &parsed)?;
        Ok(Self::new(network, engine, weights, tail, backend))
    }

    /// The same by burn's own operators, which are slower: the reference that the others are compared with.
    ///
    /// # Errors
    /// `WEIGHTS_CORRUPT`, `WEIGHTS_UNSUPPORTED`.
    #[cfg(feature = "reference")]
    pub fn load_reference(weights: &[u8], backend: Backend) -> Result<Self> {
        let network = Description::resnet18();
        let parsed = QuantizedWeights::parse(weights)?;
        let engine = Engine::reference(&network, &parsed, &backend)?;
        let tail = TailWeights::of(&network, &parsed)?;
        Ok(Self::new(network, engine, weights, tail, backend))
    }

    fn new(
        network: Description,
        engine: Engine,
        weights: &[u8],
        tail: TailWeights,
        backend: Backend,
    ) -> Self {
        Self(Arc::new(Loaded {
            engine,
            layout: network.layout(),
            network,
            weights_hash: content_hash(weights),
            tail: Arc::new(tail),
            _reclaim: Reclaim::of(&backend),
            backend,
        }))
    }

    /// The same with a second tail, whose features come last in embeddings; all else is shared.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a tail of another network.
    pub fn with_tail(&self, tail: &TailWeights) -> Result<Self> {
        Ok(Self(Arc::new(Loaded {
            engine: self.0.engine.with_tail(&self.0.network, tail)?,
            network: self.0.network.clone(),
            layout: self.0.network.layout_with_tail(tail.cut()),
            weights_hash: self.0.weights_hash.clone(),
            tail: self.0.tail.clone(),
            _reclaim: Reclaim::of(&self.0.backend),
            backend: self.0.backend.clone(),
        })))
    }

    /// The weights of its tail, as the file has them.
    pub fn tail(&self) -> &TailWeights {
        &self.0.tail
    }

    /// Which network it is.
    pub fn network(&self) -> &Description {
        &self.0.network
    }

    /// What computes.
    pub fn backend(&self) -> &Backend {
        &self.0.backend
    }

    /// What its embeddings are made of.
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// SHA-256 of the weights file, in hex.
    pub fn hash(&self) -> &str {
        &self.0.weights_hash
    }

    /// Takes crops `[N, 224, 224, 3]`, RGB bytes, through the network. `maps`: whether the maps that embeddings
    /// are the means of are wanted too.
    ///
    /// ```no_run
    /// # use headstart::{Backbone, device::cpu_backend};
    /// # async fn example() -> headstart::Result<()> {
    /// let weights = std::fs::read("weights/resnet18-int8.safetensors").expect("the weights exist");
    /// let backbone = Backbone::load(&weights, cpu_backend())?;
    /// let features = backbone.run(&[0; 2 * 224 * 224 * 3], true).await?;
    /// assert_eq!(features.embeddings.len(), 2 * backbone.layout().len());
    /// assert_eq!(features.maps.len(), 2 * backbone.layout().maps_len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for bytes that are not whole crops, `DEVICE_LOST` when results cannot be read back.
    pub async fn run(&self, crops: &[u8], maps: bool) -> Result<Features> {
        check_crops(crops)?;
        if crops.is_empty() {
            return Ok(Features::default());
        }
        self.0.engine.run(crops, maps).await
    }

    /// Takes crops `[N, 224, 224, 3]`, RGB bytes, through the network's trunk: what a tail can be trained on, a
    /// [`TrunkView`](super::TrunkView) each.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn trunk(&self, crops: &[u8], cut: Cut) -> Result<Vec<u8>> {
        check_crops(crops)?;
        if crops.is_empty() {
            return Ok(Vec::new());
        }
        self.0.engine.trunk(crops, cut).await
    }

    /// Memory in use, by all that shares the module and the device. Waits for nothing.
    pub fn memory(&self) -> Memory {
        Memory::of(&self.0.backend)
    }
}

fn check_crops(crops: &[u8]) -> Result<()> {
    if crops.len().is_multiple_of(INPUT_LEN) {
        return Ok(());
    }
    let problem = format!("{} bytes do not make crops of {INPUT_LEN}", crops.len());
    Err(Error::invalid("crops", problem))
}
