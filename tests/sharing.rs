//! Classifiers of one backbone: its weights are in memory once, and as long as one of them needs them.

mod support;

use headstart::device::cpu_backend;
use headstart::image::Views;
use headstart::{Backbone, Classifier};
use peak_alloc::PeakAlloc;
use support::QUANTIZED;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// How many bytes of memory have come into use since `before`; negative where more was freed.
fn grown_since(before: usize) -> i64 {
    MEMORY.current_usage() as i64 - before as i64
}

/// The one test of this file, as all share the count. The tolerance of 1 MB is for what else the process
/// allocates meanwhile; the network holds 11.2 million numbers of 8 bits.
#[test]
fn classifiers_share_the_weights_and_the_last_one_frees_them() {
    const MB: i64 = 1_000_000;
    let weights = QUANTIZED.as_slice();
    let start = MEMORY.current_usage();
    let backbone = Backbone::load(weights, cpu_backend()).unwrap();
    let network = grown_since(start);
    assert!(network > 10 * MB, "{network} bytes");
    let loaded = MEMORY.current_usage();
    let classifiers: Vec<Classifier> = [Views::Centre, Views::Flip, Views::Crops]
        .map(|views| Classifier::new(backbone.clone(), views))
        .into();
    assert!(grown_since(loaded) < MB);
    drop(backbone);
    assert!(grown_since(loaded).abs() < MB, "it is still in use");
    drop(classifiers);
    assert!(grown_since(start) < MB, "{} bytes", grown_since(start));
}
