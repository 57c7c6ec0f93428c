//! How much memory is in use, and giving back what is not.

use burn::tensor::Device;

/// Memory in use, in bytes, by all that shares the module and the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// The module's linear memory, which never shrinks; `None` natively.
    pub wasm: Option<u64>,
    /// Buffers on the device; `None` for the CPU, whose tensors are in the module's memory.
    pub gpu: Option<GpuMemory>,
}

impl Memory {
    /// Asks the allocators, and waits for nothing.
    pub(crate) fn of(device: &Device) -> Self {
        Self {
            wasm: wasm_memory(),
            gpu: device.memory_pool_usage().map(|usage| GpuMemory {
                in_use: usage.bytes_in_use,
                reserved: usage.bytes_reserved,
            }),
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

/// Gives a device's unused buffers back when it is dropped: as the last field of what holds tensors, after
/// those. burn keeps them for further tensors otherwise.
#[derive(Debug)]
pub(crate) struct Reclaim(pub Device);

impl Drop for Reclaim {
    fn drop(&mut self) {
        self.0.memory_cleanup();
    }
}
