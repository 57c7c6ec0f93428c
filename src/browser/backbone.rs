//! The network on this module's backend, from which sessions come.

use js_sys::{Float32Array, Object};
use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{set, to_js, to_js_error};
use super::session::Session;
use crate::Classifier;
use crate::backbone::TailWeights;
use crate::device::{Backend, BackendKind};
use crate::image::content_hash;

/// SHA-256 of a weights file, in hex: what it is known by before it is loaded.
#[wasm_bindgen(js_name = weightsHash)]
pub fn weights_hash(weights: &[u8]) -> String {
    content_hash(weights)
}

/// A loaded weights file, shared by all sessions that come from it.
#[wasm_bindgen]
pub struct Backbone(crate::Backbone);

#[derive(Serialize)]
struct BackendInfo<'a> {
    kind: BackendKind,
    adapter: &'a str,
}

/// In bytes.
#[derive(Serialize)]
struct MemoryInfo {
    wasm: u64,
    gpu: Option<u64>,
}

#[wasm_bindgen]
impl Backbone {
    /// Opens the device of this module's backend and loads a quantized weights file onto it. `adapter` is
    /// what the browser calls its graphics adapter, which wgpu does not pass on.
    pub async fn load(weights: Vec<u8>, adapter: Option<String>) -> Result<Backbone, JsValue> {
        let backend = open_backend(adapter).await.map_err(to_js_error)?;
        let backbone = crate::Backbone::load(&weights, backend).map_err(to_js_error)?;
        Ok(Self(backbone))
    }

    /// `{ kind, adapter }`.
    pub fn backend(&self) -> Result<JsValue, JsValue> {
        let backend = self.0.backend();
        to_js(&BackendInfo {
            kind: backend.kind,
            adapter: &backend.adapter,
        })
    }

    /// `{ wasm, gpu }` in bytes: this module's memory, and what is reserved on the GPU; `gpu` is `null` on the CPU.
    pub fn memory(&self) -> Result<JsValue, JsValue> {
        let memory = self.0.memory();
        to_js(&MemoryInfo {
            wasm: memory.wasm.unwrap_or(0),
            gpu: memory.gpu.map(|gpu| gpu.reserved),
        })
    }

    /// Takes crops `[N, 224, 224, 3]`, RGB bytes, through the network: `{ embeddings, maps }`, all features of each
    /// crop and, if asked for, the maps that they are the means of.
    pub async fn run(&self, crops: Vec<u8>, maps: bool) -> Result<JsValue, JsValue> {
        let features = self.0.run(&crops, maps).await.map_err(to_js_error)?;
        let object = Object::new();
        let parts = [("embeddings", features.embeddings), ("maps", features.maps)];
        for (name, values) in parts {
            set(&object, name, &Float32Array::from(values.as_slice()))?;
        }
        Ok(object.into())
    }

    /// Takes crops through the trunk: a view of each for fine-tuning, one after the other and each of the same length.
    pub async fn trunk(&self, crops: Vec<u8>) -> Result<Vec<u8>, JsValue> {
        let cut = self.0.network().cut;
        self.0.trunk(&crops, cut).await.map_err(to_js_error)
    }

    /// The same network with the tuned tail of a file that `Session.tail` gave; both share all else.
    #[wasm_bindgen(js_name = withTail)]
    pub fn with_tail(&self, file: &[u8]) -> Result<Backbone, JsValue> {
        let tail = TailWeights::from_bytes(file, self.0.network());
        let tuned = tail.and_then(|tail| self.0.with_tail(&tail));
        tuned.map(Self).map_err(to_js_error)
    }

    /// A session without images. `views` is `"centre"`, `"flip"` or `"crops"`, `features` is `"all"` or `"last"`.
    pub fn session(&self, views: JsValue, features: JsValue) -> Result<Session, JsValue> {
        let views = views.as_string().unwrap_or_default();
        let views = views.parse().map_err(to_js_error)?;
        let features = features.as_string().unwrap_or_default();
        let features = features.parse().map_err(to_js_error)?;
        let classifier = Classifier::with_features(self.0.clone(), views, features);
        Ok(Session::new(classifier))
    }

    /// A session with what a file exported by `exportProject` or `exportHead` holds.
    pub fn restore(&self, file: &[u8]) -> Result<Session, JsValue> {
        let classifier = Classifier::restore(self.0.clone(), file).map_err(to_js_error)?;
        Ok(Session::new(classifier))
    }
}

#[cfg(feature = "webgpu")]
async fn open_backend(adapter: Option<String>) -> crate::Result<Backend> {
    crate::device::webgpu_backend(adapter).await
}

#[cfg(not(feature = "webgpu"))]
async fn open_backend(_: Option<String>) -> crate::Result<Backend> {
    Ok(crate::device::cpu_backend())
}
