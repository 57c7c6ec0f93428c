//! Reading the reference checkpoint, and state dicts as another version of torch wrote them.

use std::collections::BTreeMap;

use headstart::backbone::checkpoint::{Checkpoint, read_state_dict};
use headstart::backbone::quantize::FloatTensor;
use headstart::backbone::weights::QuantizedWeights;

use crate::data::{CHECKPOINT, QUANTIZED, read_shared, shared};
use crate::support::state_dict;

fn assert_is_the_reference(state: &BTreeMap<String, FloatTensor>) {
    let expected = read_shared("golden/pth/expected.safetensors");
    state_dict::assert_is_the_reference(state, &expected);
}

#[test]
fn all_four_pth_forms_and_safetensors_read_alike() {
    for form in ["zip", "legacy", "zip-parameters", "legacy-parameters"] {
        let state = read_state_dict(&shared(&format!("golden/pth/{form}.pth"))).unwrap();
        assert_is_the_reference(&state);
    }
    assert_is_the_reference(&read_state_dict(&shared("golden/pth/expected.safetensors")).unwrap());
}

#[test]
fn the_standin_is_a_resnet18_and_not_official() {
    assert_eq!(
        CHECKPOINT.sha256,
        "963a9a890a9f97ebdac1fb7ec4a357fc3f21a8bc40fdf7d15dfa108d8c743d16"
    );
    assert!(!CHECKPOINT.is_official());
    let quantized = QuantizedWeights::parse(&QUANTIZED).unwrap();
    assert_eq!(quantized.source_sha256(), Some(CHECKPOINT.sha256.as_str()));
}

#[test]
fn another_network_is_refused_by_the_tensor_it_lacks() {
    let error = Checkpoint::read(&shared("golden/pth/zip.pth")).unwrap_err();
    assert_eq!(error.code(), "CHECKPOINT_INVALID");
    let message = error.to_string();
    assert!(
        message.contains("zip.pth") && message.contains("conv1.weight"),
        "{message}"
    );
}
