//! The command line: every bad input ends in one sentence on stderr, status 1, and no file.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use headstart::backbone::network::{ConvLayer, Description};
use safetensors::tensor::{Dtype, TensorView};

/// A folder, with a space and letters beyond ASCII in its name, that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("headstart {name} größe {}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn quantize(checkpoint: &Path, output: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headstart"))
        .arg("quantize")
        .arg(checkpoint)
        .arg("--output")
        .arg(output)
        .output()
        .unwrap()
}

/// What a run that has to fail says.
fn refusal(checkpoint: &Path, output: &Path) -> String {
    let output = quantize(checkpoint, output);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message.trim_end().lines().count(), 1, "{message}");
    message
}

/// A ResNet18 of zeros: nothing to learn from it, and nothing wrong with it.
fn checkpoint() -> Vec<u8> {
    let layer = |layer: &ConvLayer| {
        let norm = ["weight", "bias", "running_mean", "running_var"]
            .map(|part| (format!("{}.{part}", layer.norm), vec![layer.channels_out]));
        let weight = (format!("{}.weight", layer.name), layer.shape().to_vec());
        norm.into_iter().chain([weight])
    };
    let classifier = [("fc.weight", vec![1000, 512]), ("fc.bias", vec![1000])];
    let classifier = classifier.map(|(name, shape)| (name.to_string(), shape));
    let shapes: Vec<(String, Vec<usize>)> = Description::resnet18()
        .convolutions()
        .flat_map(layer)
        .chain(classifier)
        .collect();
    let longest = shapes.iter().map(|(_, shape)| shape.iter().product());
    let zeros = vec![0; 4 * longest.max().unwrap_or(0_usize)];
    let views = shapes.iter().map(|(name, shape)| {
        let bytes = &zeros[..4 * shape.iter().product::<usize>()];
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap();
        (name.as_str(), view)
    });
    safetensors::serialize(views, None::<HashMap<_, _>>).unwrap()
}

#[test]
fn files_that_are_no_checkpoint_of_the_network_are_refused() {
    let folder = Folder::new("refused");
    let tensor = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
    let other = safetensors::serialize([("weight", tensor)], None::<HashMap<_, _>>).unwrap();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty.pth", b"", "cut short"),
        (
            "page.pth",
            b"<!doctype html><title>404</title>",
            "cut short",
        ),
        ("zip.pth", b"PK\x03\x04 and no more", "cut short"),
        ("half.safetensors", &other[..other.len() / 2], "cut short"),
        ("longer.safetensors", &other[..other.len() - 1], "cut short"),
        ("other.safetensors", &other, "conv1.weight is missing"),
    ];
    for (name, bytes, problem) in cases {
        let path = folder.file(name, bytes);
        let message = refusal(&path, &folder.0.join("out/weights.safetensors"));
        for part in [name, problem, "Give torchvision's resnet18"] {
            assert!(message.contains(part), "{message}");
        }
        fs::remove_file(&path).unwrap();
        assert!(folder.names().is_empty(), "{name}: {:?}", folder.names());
    }
}

#[test]
fn paths_that_are_no_files_are_refused() {
    let folder = Folder::new("paths");
    let output = folder.0.join("weights.safetensors");
    let message = refusal(&folder.0.join("fehlt.pth"), &output);
    assert!(message.contains("fehlt.pth cannot be read"), "{message}");
    assert!(message.contains("Check the path"), "{message}");
    let message = refusal(&folder.0, &output);
    assert!(message.contains("cannot be read"), "{message}");
    assert!(message.contains("Give the path of a file"), "{message}");
    assert!(folder.names().is_empty());
}

#[test]
fn an_output_that_cannot_be_is_refused_before_the_work() {
    let folder = Folder::new("output");
    let network = folder.file("network.safetensors", &checkpoint());
    let taken = folder.0.join("taken");
    fs::create_dir(&taken).unwrap();
    let message = refusal(&network, &taken);
    assert!(message.contains("taken cannot be written"), "{message}");
    assert!(message.contains("--output"), "{message}");
    // A file where a folder would have to be.
    let below = network.join("weights.safetensors");
    let message = refusal(&network, &below);
    assert!(message.contains("cannot be made"), "{message}");
    assert_eq!(folder.names(), ["network.safetensors", "taken"]);
    assert_eq!(fs::read_dir(&taken).unwrap().count(), 0);
}

#[test]
fn a_checkpoint_makes_one_file_and_replaces_the_one_before() {
    let folder = Folder::new("whole");
    let network = folder.file("network.safetensors", &checkpoint());
    let output = folder.file("weights.safetensors", b"from before");
    let run = quantize(&network, &output);
    assert!(run.status.success(), "{run:?}");
    let file = fs::read(&output).unwrap();
    headstart::backbone::weights::QuantizedWeights::parse(&file).unwrap();
    assert_eq!(
        folder.names(),
        ["network.safetensors", "weights.safetensors"]
    );
}
