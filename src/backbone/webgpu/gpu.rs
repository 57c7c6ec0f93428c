//! burn's WebGPU device as kernels see it.

use burn::backend::DispatchDevice;
use burn::cubecl::CubeCount;
use burn::cubecl::client::Client;
use burn::cubecl::server::{Handle, KernelArguments};
use burn::tensor::{Bytes, Device};

use super::shaders::{Operand, Shader};
use crate::{Error, Result};

/// A device's memory and queue.
#[derive(Clone)]
pub struct Gpu(Client);

/// Numbers on the device. A clone is the same memory; the last one gives it back to burn's pool.
#[derive(Debug, Clone)]
pub struct Buffer(Handle);

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gpu")
    }
}

impl Gpu {
    /// The client of burn's device.
    ///
    /// # Errors
    /// `WEBGPU_UNAVAILABLE` for a device of another kind.
    pub fn of(device: &Device) -> Result<Self> {
        match device.as_dispatch() {
            DispatchDevice::Cube(device) => Ok(Self(device.client())),
            #[allow(
                unreachable_patterns,
                reason = "there may be no other kind in this build"
            )]
            _ => Err(Error::WebGpuUnavailable {
                problem: "the device is not one of WebGPU".into(),
            }),
        }
    }

    /// Room for numbers of four bytes.
    pub fn empty(&self, len: usize) -> Buffer {
        Buffer(self.0.empty(len * size_of::<f32>()))
    }

    /// Numbers of four bytes.
    pub fn upload<T: bytemuck::NoUninit + Send + Sync>(&self, values: Vec<T>) -> Buffer {
        Buffer(self.0.create(Bytes::from_elems(values)))
    }

    /// Bytes, four to a number.
    pub fn upload_bytes(&self, bytes: &[u8]) -> Buffer {
        Buffer(self.0.create(Bytes::from_bytes_vec(bytes.to_vec())))
    }

    /// Runs a shader for this many images, bound to those of the buffers that it wants.
    ///
    /// # Panics
    /// When there is none of an operand.
    pub fn launch(&self, shader: &Shader, images: usize, buffers: &[(Operand, &Buffer)]) {
        let [x, y, z] = shader.grid.groups(images).map(|count| count as u32);
        let bindings = shader.operands.iter().map(|operand| {
            let bound = buffers.iter().find(|(given, _)| given == operand);
            let (_, Buffer(handle)) = bound.expect("a layer has all operands of its kernels");
            handle.clone().binding()
        });
        self.0.launch(
            Box::new(shader.clone()),
            CubeCount::Static(x, y, z),
            KernelArguments::new().with_buffers(bindings.collect()),
        );
    }

    /// Sends the device what was launched, without waiting until it is done.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    pub fn flush(&self) -> Result<()> {
        self.0.flush().map_err(Error::device)
    }

    /// Waits until all that was launched is done.
    #[cfg(not(target_family = "wasm"))]
    pub fn wait(&self) -> Result<()> {
        burn::cubecl::future::block_on(self.0.sync()).map_err(Error::device)
    }

    /// Reads buffers of f32 back without blocking.
    ///
    /// # Errors
    /// `DEVICE_LOST`.
    pub async fn read(&self, buffers: Vec<Buffer>) -> Result<Vec<Vec<f32>>> {
        let handles = buffers.into_iter().map(|Buffer(handle)| handle).collect();
        let bytes = self.0.read_async(handles).await.map_err(Error::device)?;
        Ok(bytes
            .iter()
            .map(|bytes| bytemuck::pod_collect_to_vec(bytes))
            .collect())
    }
}
