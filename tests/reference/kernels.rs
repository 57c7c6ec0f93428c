//! The kernels for the processor against burn's operators on photos, by weights that were trained.

use headstart::backbone::weights::QuantizedWeights;

use crate::data::{BACKBONE, CROPS, QUANTIZED};
use crate::support::operators::{embed, stages};
use crate::support::stages::{by_kernels, compare};
use crate::support::{by_stage, cosines, embed_by, lowest, relative_l2};

#[test]
fn each_stage_puts_out_what_burns_does() {
    let crops = CROPS[..3].concat();
    let quantized = QuantizedWeights::parse(&QUANTIZED).unwrap();
    let ours = by_kernels(&quantized, &crops);
    // Each of the twenty layers adds to it.
    compare("photos", &ours, &stages(&quantized, &crops), 2e-3);
}

#[test]
fn embeddings_of_photos_are_burns() {
    let ours = embed_by(&BACKBONE, &CROPS).concat();
    let quantized = QuantizedWeights::parse(&QUANTIZED).unwrap();
    let theirs = embed(&quantized, &CROPS.concat());
    for ((stage, ours), (_, theirs)) in by_stage(&ours).iter().zip(&by_stage(&theirs)) {
        let lowest = lowest(&cosines(ours, theirs, stage.channels));
        let error = relative_l2(ours, theirs);
        println!(
            "figure: 31 photos, {}: lowest cosine 1 - {:.1e}, relative L2 {error:.1e}",
            stage.name,
            1.0 - lowest
        );
        assert!(
            lowest >= 0.999_999,
            "{}: lowest cosine {lowest}",
            stage.name
        );
    }
}
