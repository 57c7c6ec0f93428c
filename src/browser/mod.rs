//! What JavaScript sees: converts arguments, results and errors, and computes nothing.

#[cfg(not(feature = "finetune"))]
mod backbone;
mod convert;
#[cfg(not(feature = "finetune"))]
mod session;
// The module that fine-tunes does nothing else.
#[cfg(feature = "finetune")]
mod tuner;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once when the module is loaded: a panic is written to the console with its place.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}
