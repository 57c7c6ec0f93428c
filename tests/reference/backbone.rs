//! The network against torch's results on the golden photos and the reference checkpoint.

use headstart::backbone::Reference;
use headstart::backbone::network::Description;
use headstart::backbone::quantize::Scheme;
use headstart::backbone::weights::{QuantizedWeights, Weights};
use headstart::device;

use crate::data::{CHECKPOINT, CROPS, QUANTIZED, photos, quantized, read_shared};
use crate::support::operators::{embed, input, values};
use crate::support::rounding::{self, Loss};
use crate::support::stages::STAGES;
use crate::support::{LAST, cosines, last_stage, lowest, max_abs_error, relative_l2, tensor};

fn golden_features() -> Vec<f32> {
    let (features, shape) = tensor(&read_shared("golden/features.safetensors"), "features");
    assert_eq!(shape, [31, LAST]);
    features
}

fn embed_golden_crops(weights: &impl Weights) -> Vec<f32> {
    last_stage(&embed(weights, &CROPS.concat()))
}

/// Sums of about 2.4 million products per embedding in another order than torch's: a few 1e-6 are to
/// be expected; the bound leaves room for other processors.
#[test]
fn f32_weights_give_torchs_embeddings() {
    let reference = golden_features();
    let embeddings = embed_golden_crops(&CHECKPOINT.weights);
    let error = max_abs_error(&embeddings, &reference);
    let cosine = lowest(&cosines(&embeddings, &reference, LAST));
    println!(
        "figure: f32 embeddings, 31 photos: max abs error {error:.2e}, min cosine {cosine:.8}"
    );
    assert!(error <= 2e-3, "max abs error {error}");
    assert!(cosine >= 0.99999, "min cosine {cosine}");
}

fn loss(scheme: &str, file: &[u8]) -> Loss {
    let embeddings = embed_golden_crops(&QuantizedWeights::parse(file).unwrap());
    let reference = golden_features();
    rounding::loss(scheme, "31 photos", &embeddings, &reference)
}

/// torch with the absolute maximum: cosine 0.9995 mean, 0.9989 minimum. Least squares leaves less than
/// half of that error; the bounds leave a third for other processors, whose sums differ in the last bits
/// and so tip some roundings.
#[test]
fn int8_weights_stay_close_to_f32() {
    let before = loss("absolute maximum", &quantized(Scheme::AbsoluteMaximum));
    assert!(before.mean_cosine >= 0.9993 && before.min_cosine >= 0.9985);
    let after = loss("least squares", &QUANTIZED);
    assert!(after.relative_l2 <= 0.5 * before.relative_l2);
    assert!(after.relative_l2 <= 0.0155);
    assert!(after.mean_cosine >= 0.99988);
    assert!(after.min_cosine >= 0.9997);
}

#[test]
fn each_stage_gives_torchs_activations() {
    let file = read_shared("golden/activations-dog.safetensors");
    let device = device::cpu();
    let network = Reference::load(&Description::resnet18(), &CHECKPOINT.weights, &device).unwrap();
    let (image, _) = tensor(&file, "input");
    let image = burn::tensor::TensorData::new(image, [1, 3, 224, 224]);
    let image = burn::tensor::Tensor::<4>::from_data(image, &device);
    let stages = network.stages(image.clone());
    assert_eq!(stages.len(), STAGES.len());
    let features = network.features(image.clone());
    let mut worst = 0.0_f64;
    let mut check = |name: &str, ours: Vec<f32>| {
        let error = relative_l2(&ours, &tensor(&file, name).0);
        println!("figure: dog, {name}: relative L2 {error:.2e}");
        assert!(error <= 1e-3, "{name}: relative L2 {error}");
        worst = worst.max(error);
    };
    for (name, activation) in STAGES.into_iter().zip(stages) {
        check(name, values(activation));
    }
    check("features", values(features));
    // The feature map is the last stage.
    assert_eq!(network.feature_map(image).dims(), [1, 512, 7, 7]);
    assert!(worst > 0.0, "the activations were compared, not copied");
}

#[test]
fn int8_logits_name_the_classes_that_torch_names() {
    let device = device::cpu();
    let network = Reference::load(
        &Description::resnet18(),
        &QuantizedWeights::parse(&QUANTIZED).unwrap(),
        &device,
    )
    .unwrap();
    let logits = values(network.logits(input(&CROPS.concat(), &device)));
    let mut sure = 0;
    for (image, logits) in photos().iter().zip(logits.chunks_exact(1000)) {
        let best = &image["top5"][0];
        // Where torch itself is unsure, 8 bits may tip the order.
        if best["probability"].as_f64().unwrap() < 0.6 {
            continue;
        }
        sure += 1;
        let top = (0..1000)
            .max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
            .unwrap();
        assert_eq!(
            Some(top as u64),
            best["class"].as_u64(),
            "{}",
            image["file"]
        );
    }
    println!(
        "figure: int8 logits: top class equals torch's on {sure} of {sure} photos it is sure of"
    );
    assert!(sure >= 15, "only {sure} photos were compared");
}
