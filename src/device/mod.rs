//! The device that computes.
//!
//! Which kind runs is settled before a module is loaded (each wasm module holds one backend); this
//! opens it and says what it is.

mod memory;

#[cfg(any(feature = "reference", feature = "finetune-cpu", feature = "webgpu"))]
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

pub(crate) use memory::Reclaim;
pub use memory::{GpuMemory, Memory};

/// Which backend computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendKind {
    /// The processor.
    Cpu,
    /// burn over WebGPU.
    WebGpu,
}

impl std::fmt::Display for BackendKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::WebGpu => "webgpu",
        })
    }
}

impl BackendKind {
    /// How many images go through the backbone at once: enough to fill the device, few enough that
    /// progress shows and a cancellation is felt.
    pub fn batch_size(self) -> usize {
        match self {
            Self::Cpu => 4,
            Self::WebGpu => 8,
        }
    }
}

/// A device, and what to call it.
#[derive(Debug, Clone)]
pub struct Backend {
    /// Its kind.
    pub kind: BackendKind,
    /// The adapter's name, for people.
    pub adapter: String,
    /// burn's device; `None` for the CPU.
    #[cfg(feature = "webgpu")]
    pub(crate) device: Option<Device>,
    /// Whether the adapter is a processor that plays graphics device.
    #[cfg(feature = "webgpu")]
    pub(crate) software: bool,
}

#[cfg(feature = "webgpu")]
impl Backend {
    /// burn's WebGPU device; `None` for the CPU.
    pub fn device(&self) -> Option<&Device> {
        self.device.as_ref()
    }

    /// Whether the adapter is a processor that plays graphics device.
    pub fn is_software(&self) -> bool {
        self.software
    }
}

#[cfg(feature = "reference")]
impl Backend {
    /// burn's device of this backend.
    pub(crate) fn burn_device(&self) -> Device {
        #[cfg(feature = "webgpu")]
        if let Some(device) = &self.device {
            return device.clone();
        }
        cpu()
    }
}

/// burn's CPU device, on which the reference network runs and tails are tuned.
#[cfg(any(feature = "reference", feature = "finetune-cpu"))]
pub fn cpu() -> Device {
    Device::flex()
}

/// The CPU backend.
#[cfg(feature = "cpu")]
pub fn cpu_backend() -> Backend {
    let adapter = if cfg!(target_family = "wasm") {
        "WebAssembly SIMD"
    } else {
        "CPU"
    };
    Backend {
        kind: BackendKind::Cpu,
        adapter: adapter.into(),
        #[cfg(feature = "webgpu")]
        device: None,
        #[cfg(feature = "webgpu")]
        software: false,
    }
}

/// Opens WebGPU's high-performance adapter. `name`: what the browser calls it, which wgpu does not pass on there.
///
/// # Errors
/// `WEBGPU_UNAVAILABLE` with what the browser said.
#[cfg(feature = "webgpu")]
pub async fn webgpu_backend(name: Option<String>) -> crate::Result<Backend> {
    let (device, setup) = Device::wgpu_options()
        .init_with_setup_async()
        .await
        .map_err(|error| crate::Error::WebGpuUnavailable {
            problem: error.to_string(),
        })?;
    let info = setup.adapter.get_info();
    let adapter = name
        .into_iter()
        .chain([info.name, info.driver, info.driver_info])
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| "unnamed adapter".into());
    Ok(Backend {
        kind: BackendKind::WebGpu,
        software: is_software(&adapter),
        adapter,
        device: Some(device),
    })
}

/// By name, since browsers tell no more: Chromium's SwiftShader, Mesa's llvmpipe and lavapipe, Windows' WARP.
#[cfg(feature = "webgpu")]
fn is_software(adapter: &str) -> bool {
    let name = adapter.to_ascii_lowercase();
    ["swiftshader", "llvmpipe", "lavapipe", "basic render"]
        .iter()
        .any(|known| name.contains(known))
}
