//! The tuner: what a module of its own trains.

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::convert::{to_js, to_js_error};
use crate::device::{Backend, cpu, cpu_backend};
use crate::finetune::{Outcome, Task, Tuner as Tuning, View};

/// A fine-tuning under way.
#[wasm_bindgen]
pub struct Tuner {
    tuning: Tuning,
    backend: Backend,
}

/// In bytes.
#[derive(Serialize)]
struct MemoryInfo {
    wasm: u64,
    gpu: Option<u64>,
}

#[wasm_bindgen]
impl Tuner {
    /// Begins with a task that `Session.tuningTask` gave, on this module's backend, which is the processor.
    pub async fn start(task: Vec<u8>) -> Result<Tuner, JsValue> {
        let task = Task::from_bytes(&task).map_err(to_js_error)?;
        let tuning = Tuning::start(task, &cpu()).map_err(to_js_error)?;
        let backend = cpu_backend();
        Ok(Self { tuning, backend })
    }

    /// The views that the next step needs: the image's place in the task and the view's among the image's, in turn. None
    /// when it is finished.
    pub fn wanted(&self) -> Vec<usize> {
        let views = self.tuning.wanted().iter();
        views
            .flat_map(|&View { image, view }| [image, view])
            .collect()
    }

    /// Goes a step on, with those views, one after the other.
    pub async fn step(&mut self, views: Vec<u8>) -> Result<JsValue, JsValue> {
        let step = self.tuning.step(&views).await;
        to_js(&step.map_err(to_js_error)?)
    }

    /// What came out, as a file for `Session.finishTuning`.
    pub fn finish(&self) -> Result<Vec<u8>, JsValue> {
        let outcome = self.tuning.outcome();
        outcome.and_then(Outcome::to_bytes).map_err(to_js_error)
    }

    /// `{ wasm, gpu }` in bytes.
    pub fn memory(&self) -> Result<JsValue, JsValue> {
        let memory = crate::device::Memory::of(&self.backend);
        to_js(&MemoryInfo {
            wasm: memory.wasm.unwrap_or(0),
            gpu: memory.gpu.map(|gpu| gpu.reserved),
        })
    }
}
