//! The network against torch's results on the same crops and weights.

use crate::support::drawn::referenced::{SIZES, resized};
use crate::support::operators::{embed, input, stages, values};
use crate::support::stages::compare_with_torch;
use crate::support::{
    BACKBONE, CHECKPOINT, CROPS, FEATURES, REFERENCES, by_stage, cosine, cosines, integers,
    largest, lowest, max_abs_error, tensor,
};
use headstart::backbone::Reference;
use headstart::backbone::network::Description;
use headstart::device;
use headstart::image::{Pixels, RESIZED_SIDE, resize_and_crop};

/// Sums of up to 2.4 million products per feature in another order than torch's, and of the up to 3,136 places of its
/// map, of numbers up to 10 in each stage: some 1e-5 are to be expected; the bound leaves room for other processors.
#[test]
fn f32_weights_give_torchs_embeddings() {
    let (reference, shape) = tensor(REFERENCES, "embeddings");
    assert_eq!(shape, [CROPS.len(), FEATURES]);
    let embeddings = embed(&CHECKPOINT.weights, &CROPS.concat());
    let theirs = by_stage(&reference).into_iter();
    for ((stage, ours), (_, theirs)) in by_stage(&embeddings).into_iter().zip(theirs) {
        let error = max_abs_error(&ours, &theirs);
        let cosine = lowest(&cosines(&ours, &theirs, stage.channels));
        println!(
            "figure: f32 features of {}, 31 crops: max abs error {error:.2e}, min cosine {cosine:.8}",
            stage.name
        );
        assert!(error <= 2e-4, "{}: max abs error {error}", stage.name);
        assert!(cosine >= 0.99999, "{}: min cosine {cosine}", stage.name);
    }
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
        assert_eq!(theirs.len(), FEATURES);
        for ((stage, ours), (_, theirs)) in by_stage(&ours).iter().zip(&by_stage(&theirs)) {
            let similarity = cosine(ours, theirs);
            println!(
                "figure: features of resized {name}, {}: cosine {similarity:.7}",
                stage.name
            );
            assert!(similarity >= 0.9999, "{name}: cosine {similarity}");
        }
    }
    assert_eq!(resized().count(), SIZES.len());
}

#[test]
fn logits_name_the_classes_that_torch_names() {
    let device = device::cpu();
    let network = Reference::load(&Description::resnet18(), &CHECKPOINT.weights, &device).unwrap();
    let logits = values(network.logits(input(&CROPS.concat(), &device)));
    let top: Vec<usize> = logits.chunks_exact(1000).map(largest).collect();
    assert_eq!(top, integers(REFERENCES, "top.class"));
}

#[test]
fn on_the_cpu_there_is_no_memory_of_a_device_to_tell_of() {
    let memory = BACKBONE.memory();
    assert_eq!((memory.gpu, memory.wasm), (None, None));
}
