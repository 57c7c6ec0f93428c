//! Reading checkpoints in every form that torch writes, and refusing what is none.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::CHECKPOINT;
use crate::support::drawn::network;
use crate::support::state_dict;
use headstart::backbone::checkpoint::{Checkpoint, read_state_dict};
use headstart::backbone::network::Description;
use headstart::backbone::quantize::FloatTensor;
use headstart::backbone::weights::Weights;

/// A file in a folder of its own that goes away with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let folder = std::env::temp_dir().join(format!("headstart-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// A file of `fixtures/pth`: one small state dict in the forms that torch has had.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/pth")
        .join(name)
}

fn read_fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap()
}

fn assert_is_the_reference(state: &BTreeMap<String, FloatTensor>) {
    state_dict::assert_is_the_reference(state, &read_fixture("expected.safetensors"));
}

#[test]
fn all_four_pth_forms_read_alike() {
    for form in ["zip", "legacy", "zip-parameters", "legacy-parameters"] {
        let state = read_state_dict(&fixture(&format!("{form}.pth"))).unwrap();
        assert_is_the_reference(&state);
    }
}

#[test]
fn safetensors_read_as_pth_does() {
    assert_is_the_reference(&read_state_dict(&fixture("expected.safetensors")).unwrap());
}

#[test]
fn a_whole_checkpoint_reads_as_it_was_written_and_is_not_official() {
    let file = Scratch::new("checkpoint.safetensors", &network::checkpoint());
    let checkpoint = Checkpoint::read(&file.0).unwrap();
    assert_eq!(checkpoint.sha256, CHECKPOINT.sha256);
    assert!(!checkpoint.is_official());
    assert_eq!(read_state_dict(&file.0).unwrap(), network::state_dict());
    for layer in Description::resnet18().convolutions() {
        let [read, made] = [&checkpoint, &CHECKPOINT].map(|from| from.weights.conv(layer).unwrap());
        assert_eq!(read, made, "{}", layer.name);
    }
}

#[test]
fn another_network_is_refused_by_the_tensor_it_lacks() {
    let error = Checkpoint::read(&fixture("zip.pth")).unwrap_err();
    assert_eq!(error.code(), "CHECKPOINT_INVALID");
    let message = error.to_string();
    assert!(
        message.contains("zip.pth") && message.contains("conv1.weight"),
        "{message}"
    );
}

#[test]
fn truncated_and_foreign_files_are_refused_by_name() {
    let whole = read_fixture("zip.pth");
    let legacy = read_fixture("legacy.pth");
    let cases: [(&str, &[u8]); 6] = [
        ("half-zip.pth", &whole[..whole.len() / 2]),
        ("half-legacy.pth", &legacy[..legacy.len() - 40]),
        ("empty.pth", b""),
        ("page.pth", b"<!doctype html><title>404</title>"),
        ("noise.pth", &[0x5a; 512]),
        (
            "half.safetensors",
            &read_fixture("expected.safetensors")[..300],
        ),
    ];
    for (name, bytes) in cases {
        let file = Scratch::new(name, bytes);
        let error = Checkpoint::read(&file.0).unwrap_err();
        assert_eq!(error.code(), "CHECKPOINT_INVALID", "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_missing_file_is_said_to_be_missing() {
    let error = Checkpoint::read("no/such/file.pth".as_ref()).unwrap_err();
    assert_eq!(error.code(), "FILE_UNUSABLE");
    assert!(
        error
            .to_string()
            .contains("no/such/file.pth cannot be read")
    );
}

/// A pickle that would run a command in Python: parsed, refused, and nothing runs.
#[test]
fn a_pickle_that_calls_a_function_runs_nothing() {
    let marker = std::env::temp_dir().join(format!("headstart-ran-{}", std::process::id()));
    let payload = format!("cos\nsystem\n(S'touch {}'\ntR.", marker.display());
    let file = Scratch::new("evil.pth", payload.as_bytes());
    let error = Checkpoint::read(&file.0).unwrap_err();
    assert_eq!(error.code(), "CHECKPOINT_INVALID");
    assert!(!marker.exists());
}
