//! The network against torch's results on the same crops and weights.

use crate::support::drawn::referenced::{SIZES, resized};
use crate::support::operators::{embed, input, stages, values};
use crate::support::stages::compare_with_torch;
use crate::support::{
    BACKBONE, CHECKPOINT, CROPS, REFERENCES, cosine, cosines, integers, largest, lowest,
    max_abs_error, tensor,
};
use headstart::backbone::layers::IMAGENET_CLASSES;
use headstart::backbone::{EMBEDDING_LEN, ResNet18};
use headstart::device;
use headstart::image::{Pixels, RESIZED_SIDE, resize_and_crop};

/// Sums of about 2.4 million products per embedding in another order than torch's, of numbers up to 10: some 1e-5
/// are to be expected; the bound leaves room for other processors.
#[test]
fn f32_weights_give_torchs_embeddings() {
    let (reference, shape) = tensor(REFERENCES, "embeddings");
    assert_eq!(shape, [CROPS.len(), EMBEDDING_LEN]);
    let embeddings = embed(&CHECKPOINT.weights, &CROPS.concat());
    let error = max_abs_error(&embeddings, &reference);
    let cosine = lowest(&cosines(&embeddings, &reference));
    println!("figure: f32 embeddings, 31 crops: max abs error {error:.2e}, min cosine {cosine:.8}");
    assert!(error <= 2e-4, "max abs error {error}");
    assert!(cosine >= 0.99999, "min cosine {cosine}");
}

/// Likewise.
#[test]
fn each_stage_gives_torchs_activations() {
    compare_with_torch("exact", 2e-5, |crops| stages(&CHECKPOINT.weights, crops));
}

/// Of whole crops, of which `resized_pictures_are_pillows_within_one_level` looks at some rows.
#[test]
fn embeddings_of_resized_pictures_are_those_of_pillows_crops() {
    for (name, picture) in resized() {
        let pixels = Pixels::rgb(&picture.rgb, picture.width, picture.height).unwrap();
        let ours = embed(
            &CHECKPOINT.weights,
            &resize_and_crop(&pixels, RESIZED_SIDE).unwrap(),
        );
        let (theirs, _) = tensor(REFERENCES, &format!("resized.{name}.embedding"));
        let similarity = cosine(&ours, &theirs);
        println!("figure: embedding of resized {name}: cosine {similarity:.7}");
        assert!(similarity >= 0.9999, "{name}: cosine {similarity}");
    }
    assert_eq!(resized().count(), SIZES.len());
}

#[test]
fn logits_name_the_classes_that_torch_names() {
    let device = device::cpu();
    let network = ResNet18::load(&CHECKPOINT.weights, &device).unwrap();
    let logits = values(network.logits(input(&CROPS.concat(), &device)));
    let top: Vec<usize> = logits.chunks_exact(IMAGENET_CLASSES).map(largest).collect();
    assert_eq!(top, integers(REFERENCES, "top.class"));
}

#[test]
fn on_the_cpu_there_is_no_memory_of_a_device_to_tell_of() {
    let memory = BACKBONE.memory();
    assert_eq!((memory.gpu, memory.wasm), (None, None));
}
