//! Between Rust's values and JavaScript's.

use js_sys::{Error as JsError, Reflect};
#[cfg(not(feature = "finetune"))]
use js_sys::{Float32Array, Object};
use serde::Serialize;
#[cfg(not(feature = "finetune"))]
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::Error;
#[cfg(not(feature = "finetune"))]
use crate::explain::Heatmap;

/// A JavaScript `Error` with the message and a `code`.
pub fn to_js_error(error: Error) -> JsValue {
    let js_error = JsError::new(&error.to_string());
    // Setting a property of a fresh object cannot fail.
    let _ = Reflect::set(&js_error, &"code".into(), &error.code().into());
    js_error.into()
}

/// A plain JavaScript value; what is absent becomes `null`.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new()
        .serialize_missing_as_null(true)
        .serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(Into::into)
}

/// Sets a property.
#[cfg(not(feature = "finetune"))]
pub fn set(object: &JsValue, name: &str, value: &JsValue) -> Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(|_| ())
}

/// A heat map whose numbers are in typed arrays, which a worker can hand over without a copy.
#[cfg(not(feature = "finetune"))]
pub fn to_js_heatmap(heatmap: &Heatmap) -> Result<JsValue, JsValue> {
    let object = to_js(heatmap)?;
    for (name, values) in [("grid", &heatmap.grid), ("values", &heatmap.values)] {
        set(&object, name, &Float32Array::from(values.as_slice()))?;
    }
    Ok(object)
}

/// Reads a plain JavaScript object of options; `undefined` and `null` read as the default.
///
/// `serde_wasm_bindgen` looks up known fields only, so a misspelt option is found here: by comparing
/// the object's keys with the names that the defaults serialize to.
#[cfg(not(feature = "finetune"))]
pub fn from_js<T: DeserializeOwned + Default + Serialize>(
    argument: &str,
    value: JsValue,
) -> Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    let known = serde_wasm_bindgen::to_value(&T::default())?;
    if let (Some(given), Some(known)) = (Object::try_from(&value), Object::try_from(&known)) {
        let known = Object::keys(known);
        if let Some(name) = Object::keys(given)
            .iter()
            .find(|name| !known.includes(name, 0))
        {
            let name = name.as_string().unwrap_or_default();
            return Err(to_js_error(Error::invalid(
                name,
                format!("there is no such option among {argument}"),
            )));
        }
    }
    serde_wasm_bindgen::from_value(value)
        .map_err(|error| to_js_error(Error::invalid(argument, error.to_string())))
}
