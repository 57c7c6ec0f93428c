//! The kernels for the processor against burn's operators on photos, by weights that were trained.

use headstart::backbone::weights::QuantizedWeights;

use crate::data::{BACKBONE, CROPS, QUANTIZED};
use crate::support::operators::{embed, stages};
use crate::support::stages::{by_kernels, compare};
use crate::support::{cosines, embed_by, lowest, max_abs_error};

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
    let lowest = lowest(&cosines(&ours, &theirs));
    let error = max_abs_error(&ours, &theirs);
    println!(
        "figure: 31 photos: lowest cosine 1 - {:.1e}, max abs error {error:.1e}",
        1.0 - lowest
    );
    assert!(lowest >= 0.999_999, "lowest cosine {lowest}");
}
