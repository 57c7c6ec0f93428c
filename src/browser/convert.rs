//! Between Rust's values and JavaScript's.

use js_sys::{Error as JsError, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::Error;

/// A JavaScript `Error` with the message and a `code`.
pub fn to_js_error(error: Error) -> JsValue {
    let js_error = JsError::new(&error.to_string());
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&js_error, &"code".into(), &error.code().into());
    js_error.into()
}

/// A plain JavaScript value; what is absent becomes `null`.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true);
    value.serialize(&serializer).map_err(Into::into)
}

/// Reads a plain JavaScript value; `undefined` and `null` read as the default.
pub fn from_js<T: DeserializeOwned + Default>(
    argument: &str,
    value: JsValue,
) -> Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| to_js_error(Error::invalid(argument, error.to_string())))
}
