//! What takes crops through the network.

#[cfg(feature = "reference")]
use burn::tensor::Device;

#[cfg(feature = "cpu")]
use super::kernels;
use super::network::{Cut, Description};
#[cfg(feature = "reference")]
use super::reference::Reference;
use super::tail::TailWeights;
#[cfg(feature = "webgpu")]
use super::webgpu;
use super::weights::QuantizedWeights;
use crate::device::Backend;
#[cfg(feature = "cpu")]
use crate::device::BackendKind;
use crate::{Error, Result};

/// What the network says of crops.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Features {
    /// `[N, length]` of the network's [`Layout`](super::Layout): each stage's means, one stage after the other.
    pub embeddings: Vec<f32>,
    /// The maps that they are the means of, if asked for; empty otherwise. Of each image `[channels, side, side]` of
    /// every stage, one stage after the other.
    pub maps: Vec<f32>,
}

/// The network, in the way that suits a backend.
#[derive(Debug)]
pub(super) enum Engine {
    /// Kernels for the processor.
    #[cfg(feature = "cpu")]
    Cpu(Box<kernels::Network>),
    /// Kernels for WebGPU.
    #[cfg(feature = "webgpu")]
    WebGpu(Box<webgpu::Network>),
    /// burn's own operators: the reference for the others.
    #[cfg(feature = "reference")]
    Reference(Box<Reference>, Device),
}

impl Engine {
    /// The fastest for a backend.
    pub fn load(
        network: &Description,
        weights: &QuantizedWeights,
        backend: &Backend,
    ) -> Result<Self> {
        #[cfg(feature = "webgpu")]
        if let Some(device) = &backend.device {
            let network = webgpu::Network::load(network, weights, device, backend.software)?;
            network.warm_up()?;
            return Ok(Self::WebGpu(Box::new(network)));
        }
        #[cfg(feature = "cpu")]
        if backend.kind == BackendKind::Cpu {
            return Ok(Self::Cpu(Box::new(kernels::Network::load(
                network, weights,
            )?)));
        }
        let problem = format!("this build computes nothing on {}", backend.kind);
        Err(Error::invalid("backend", problem))
    }

    /// burn's own operators.
    #[cfg(feature = "reference")]
    pub fn reference(
        network: &Description,
        weights: &QuantizedWeights,
        backend: &Backend,
    ) -> Result<Self> {
        let device = backend.burn_device();
        let network = Box::new(Reference::load(network, weights, &device)?);
        Ok(Self::Reference(network, device))
    }

    /// Crops `[N, 224, 224, 3]` → embeddings, and maps where wanted.
    pub async fn run(&self, crops: &[u8], maps: bool) -> Result<Features> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(network) => Ok(network.features(crops, maps)),
            #[cfg(feature = "webgpu")]
            Self::WebGpu(network) => network.run(crops, maps).await,
            #[cfg(feature = "reference")]
            Self::Reference(network, device) => network.run(crops, maps, device).await,
        }
    }

    /// Crops `[N, 224, 224, 3]` → what the trunk says of each, as [`TrunkView`](super::TrunkView) has it.
    pub async fn trunk(&self, crops: &[u8], cut: Cut) -> Result<Vec<u8>> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(network) => Ok(network.trunk(crops, cut)),
            #[cfg(feature = "webgpu")]
            Self::WebGpu(network) => network.trunk(crops, cut).await,
            #[cfg(feature = "reference")]
            Self::Reference(network, device) => network.trunk(crops, cut, device).await,
        }
    }

    /// The same network with a second tail.
    pub fn with_tail(&self, network: &Description, tail: &TailWeights) -> Result<Self> {
        match self {
            #[cfg(feature = "cpu")]
            Self::Cpu(trunk) => Ok(Self::Cpu(Box::new(trunk.with_tail(network, tail)?))),
            #[cfg(feature = "webgpu")]
            Self::WebGpu(trunk) => Ok(Self::WebGpu(Box::new(trunk.with_tail(network, tail)?))),
            #[cfg(feature = "reference")]
            Self::Reference(..) => {
                let problem = "the reference network has no second tail";
                Err(Error::invalid("backend", problem))
            }
        }
    }
}
