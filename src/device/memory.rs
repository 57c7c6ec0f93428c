//! How much memory is in use, and giving back what is not.

use super::Backend;
#[cfg(feature = "webgpu")]
use burn::tensor::Device;

/// Memory in use, in bytes, by all that shares the module and the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The module's linear memory, which never shrinks; `None` natively.
    pub wasm: Option<u64>,
    /// Buffers on the GPU; `None` on the CPU.
    pub gpu: Option<GpuMemory>,
}

impl Memory {
    /// Asks the allocators, and waits for nothing.
    pub(crate) fn of(backend: &Backend) -> Self {
        Self {
            wasm: wasm_memory(),
            gpu: gpu_memory(backend),
        }
    }
}

/// Memory of a device, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuMemory {
    /// What tensors take.
    pub in_use: u64,
    /// What buffers take, those kept for further tensors included.
    pub reserved: u64,
}

#[cfg(target_family = "wasm")]
fn wasm_memory() -> Option<u64> {
    const PAGE: u64 = 65_536;
    Some(core::arch::wasm32::memory_size(0) as u64 * PAGE)
}

#[cfg(not(target_family = "wasm"))]
fn wasm_memory() -> Option<u64> {
    None
}

#[cfg(feature = "webgpu")]
fn gpu_memory(backend: &Backend) -> Option<GpuMemory> {
    let usage = backend.device.as_ref()?.memory_pool_usage()?;
    Some(GpuMemory {
        in_use: usage.bytes_in_use,
        reserved: usage.bytes_reserved,
    })
}

#[cfg(not(feature = "webgpu"))]
fn gpu_memory(_: &Backend) -> Option<GpuMemory> {
    None
}

/// Gives a GPU's unused buffers back when it is dropped: as the last field of what holds tensors, after
/// those. burn keeps them for further tensors otherwise.
#[derive(Debug)]
pub(crate) struct Reclaim(#[cfg(feature = "webgpu")] Option<Device>);

impl Reclaim {
    #[cfg(feature = "webgpu")]
    pub fn of(backend: &Backend) -> Self {
        Self(backend.device.clone())
    }

    #[cfg(not(feature = "webgpu"))]
    pub fn of(_: &Backend) -> Self {
        Self()
    }
}

#[cfg(feature = "webgpu")]
impl Drop for Reclaim {
    fn drop(&mut self) {
        if let Some(device) = &self.0 {
            device.memory_cleanup();
        }
    }
}
