//! The small state dict that torch has written in each of its forms.

use std::collections::BTreeMap;

use headstart::backbone::quantize::FloatTensor;

use super::tensor;

/// That a state dict is the one of a safetensors file.
pub fn assert_is_the_reference(state: &BTreeMap<String, FloatTensor>, expected: &[u8]) {
    let names = [
        "bn1.bias",
        "bn1.running_mean",
        "bn1.running_var",
        "bn1.weight",
        "conv1.weight",
    ];
    assert_eq!(state.keys().map(String::as_str).collect::<Vec<_>>(), names);
    for name in names {
        let (values, shape) = tensor(expected, name);
        assert_eq!(state[name].values, values, "{name}");
        assert_eq!(state[name].shape, shape, "{name}");
    }
}
