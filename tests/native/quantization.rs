//! Rounding by least squares: it costs less than rounding to the nearest step. This takes half a minute, so that only
//! these tests do it; all others run on weights rounded to the nearest.

use std::sync::LazyLock;

use crate::support::rounding::{self, Loss};
use crate::support::{
    BACKBONE, CHECKPOINT, CROPS, LAST, REFERENCES, embed_by, integers, largest, last_stage,
    quantized, tensor,
};
use headstart::Backbone;
use headstart::backbone::network::Description;
use headstart::backbone::quantize::Scheme;
use headstart::backbone::weights::{QuantizedWeights, Weights};
use headstart::device;

static FITTED: LazyLock<Vec<u8>> = LazyLock::new(|| quantized(Scheme::LeastSquares));

fn loss(scheme: &str, backbone: &Backbone) -> Loss {
    let embeddings = last_stage(&embed_by(backbone, &CROPS).concat());
    let reference = last_stage(&tensor(REFERENCES, "embeddings").0);
    rounding::loss(scheme, "31 crops", &embeddings, &reference)
}

/// To the nearest step: 6 % of the embeddings' length is lost. By least squares: a seventh of that. Drawn weights lose
/// more than trained ones, because none of them are small beside the greatest of their channel. The bounds leave a third
/// for other processors, whose sums differ in the last bits and so tip some roundings.
#[test]
fn least_squares_loses_a_small_part_of_what_the_absolute_maximum_does() {
    let before = loss("absolute maximum", &BACKBONE);
    assert!(before.relative_l2 <= 0.08, "{}", before.relative_l2);
    assert!(before.mean_cosine >= 0.997 && before.min_cosine >= 0.992);
    let fitted = Backbone::load(&FITTED, device::cpu_backend()).unwrap();
    let after = loss("least squares", &fitted);
    assert!(after.relative_l2 <= 0.25 * before.relative_l2);
    assert!(after.relative_l2 <= 0.012, "{}", after.relative_l2);
    assert!(after.mean_cosine >= 0.99994 && after.min_cosine >= 0.9998);
}

#[test]
fn int8_logits_name_the_classes_that_torch_names() {
    let weights = QuantizedWeights::parse(&FITTED)
        .unwrap()
        .classifier(&Description::resnet18().classifier)
        .unwrap();
    let fitted = Backbone::load(&FITTED, device::cpu_backend()).unwrap();
    let classes = integers(REFERENCES, "top.class");
    let (probabilities, _) = tensor(REFERENCES, "top.probability");
    let mut sure = Vec::new();
    for (crop, embedding) in embed_by(&fitted, &CROPS).iter().enumerate() {
        // Where torch itself is unsure, 8 bits may tip the order.
        if probabilities[crop] < 0.6 {
            continue;
        }
        let embedding = last_stage(embedding);
        let rows = weights.weight.chunks_exact(LAST).zip(&weights.bias);
        let logit = |(row, bias): (&[f32], &f32)| {
            bias + row.iter().zip(&embedding).map(|(w, x)| w * x).sum::<f32>()
        };
        let top = largest(&rows.map(logit).collect::<Vec<f32>>());
        assert_eq!(top, classes[crop], "crop {crop}");
        sure.push(top);
    }
    println!(
        "figure: int8 logits: top class equals torch's on {0} of {0} crops it is sure of",
        sure.len()
    );
    assert!(sure.len() >= 15, "only {} crops were compared", sure.len());
    sure.sort_unstable();
    sure.dedup();
    assert!(sure.len() >= 10, "they are of {} classes alone", sure.len());
}

/// Least squares moves a weight away from its nearest step only to make up for other roundings.
#[test]
fn least_squares_keeps_weights_within_a_few_steps_of_the_folded_ones() {
    let quantized = QuantizedWeights::parse(&FITTED).unwrap();
    let (mut worst, mut half, mut count) = (0.0_f32, 0, 0);
    for layer in Description::resnet18().convolutions() {
        let folded = CHECKPOINT.weights.conv(layer).unwrap();
        let restored = quantized.conv(layer).unwrap();
        let channels = layer.weights_per_channel();
        let pairs = folded
            .weight
            .chunks(channels)
            .zip(restored.weight.chunks(channels));
        for (a, b) in pairs {
            let step = a.iter().fold(0.0_f32, |max, w| max.max(w.abs())) / 127.0;
            for (a, b) in a.iter().zip(b) {
                let off = (a - b).abs() / step;
                worst = worst.max(off);
                half += usize::from(off <= 0.5);
                count += 1;
            }
        }
    }
    let share = half as f64 / count as f64;
    println!(
        "figure: least squares: {:.0} % of the weights within half a step, the worst {worst:.1} steps off",
        100.0 * share
    );
    assert!(worst <= 8.0, "{worst} steps");
    assert!(share >= 0.8, "{share}");
}
