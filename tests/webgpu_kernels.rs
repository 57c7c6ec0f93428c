//! The WGSL kernels against burn's own operators, stage by stage. They need a Vulkan, Metal or Direct3D adapter, so
//! they run only when asked for:
//!
//! ```text
//! cargo test --release --features webgpu --test webgpu_kernels -- --show-output
//! ```

mod support;

use burn::tensor::Tensor;
use headstart::backbone::network::Description;
use headstart::backbone::webgpu::Network;
use headstart::backbone::weights::QuantizedWeights;
use headstart::backbone::{FeatureStage, Features, Reference};
use headstart::device::{cpu, webgpu_backend};
use pollster::block_on;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::operators::{input, values};
use support::{FEATURES, LAYOUT, QUANTIZED, by_stage, cosines, lowest, random_crops, relative_l2};

/// The maps of each stage, `[N, channels, side, side]`.
fn maps_by_stage(features: &Features) -> Vec<(&'static FeatureStage, Vec<f32>)> {
    let mut place = 0;
    let of_stage = |stage: &'static FeatureStage| {
        let map = place..place + stage.map_len();
        place = map.end;
        let images = features.maps.chunks_exact(LAYOUT.maps_len());
        let of_images = images.flat_map(|maps| maps[map.clone()].iter().copied());
        (stage, of_images.collect())
    };
    LAYOUT.stages().iter().map(of_stage).collect()
}

#[test]
fn every_stage_is_what_burn_computes_on_any_number_of_crops() {
    let backend = block_on(webgpu_backend(None)).expect("this test needs a graphics adapter");
    println!("figure: adapter: {}", backend.adapter);
    let weights = QuantizedWeights::parse(&QUANTIZED).unwrap();
    let reference = Reference::load(&Description::resnet18(), &weights, &cpu()).unwrap();
    for software in [false, true] {
        let network = Network::load(
            &Description::resnet18(),
            &weights,
            backend.device().unwrap(),
            software,
        )
        .unwrap();
        // The kernels for graphics processors take a quarter of a minute an image on software.
        let suits = software || !backend.is_software();
        let counts: &[usize] = if suits { &[1, 3, 8] } else { &[1] };
        for &count in counts {
            let crops = random_crops(count, &mut ChaCha8Rng::seed_from_u64(count as u64));
            let maps: Vec<Tensor<4>> = reference.stages(input(&crops, &cpu()));
            let mean = |map: &Tensor<4>| values(Reference::pool(map.clone()));
            let means: Vec<Vec<f32>> = maps[1..].iter().map(mean).collect();
            let stages = block_on(network.stages(&crops)).unwrap();
            assert_eq!(stages.len(), maps.len());
            let mut worst = 0.0_f64;
            for (stage, map) in stages.iter().zip(&maps) {
                let error = relative_l2(&stage.values, &values(map.clone()));
                assert!(error <= 1e-4, "{} of {count}: {error}", stage.name);
                worst = worst.max(error);
            }
            let features = block_on(network.run(&crops, true)).unwrap();
            assert_eq!(features.embeddings.len(), count * FEATURES);
            for ((stage, ours), wanted) in by_stage(&features.embeddings).into_iter().zip(means) {
                let lowest = lowest(&cosines(&ours, &wanted, stage.channels));
                println!(
                    "figure: WGSL kernels (software: {software}), {count} crops, {}: lowest cosine of features {lowest:.8}",
                    stage.name
                );
                assert!(lowest >= 0.9999);
            }
            for ((stage, ours), wanted) in maps_by_stage(&features).into_iter().zip(&maps[1..]) {
                let error = relative_l2(&ours, &values(wanted.clone()));
                assert!(error <= 1e-4, "maps of {} of {count}: {error}", stage.name);
            }
            println!(
                "figure: WGSL kernels (software: {software}), {count} crops: relative L2 of stages at most {worst:.1e}"
            );
            // Maps are read back only where they are wanted.
            let without = block_on(network.run(&crops, false)).unwrap();
            assert_eq!(without.embeddings, features.embeddings);
            assert!(without.maps.is_empty());
        }
    }
}
