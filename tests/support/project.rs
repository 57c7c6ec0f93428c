//! What is written in a project file.

use serde_json::Value;

use super::tensors::take_apart;

/// The JSON document of a project file.
pub fn document(file: &[u8]) -> Value {
    let (_, metadata) = take_apart(file);
    serde_json::from_str(&metadata["project"]).unwrap()
}
