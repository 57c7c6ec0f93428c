//! The WGSL kernels against burn's own operators, stage by stage. They need a Vulkan, Metal or Direct3D adapter, so
//! they run only when asked for:
//!
//! ```text
//! cargo test --release --features webgpu --test webgpu_kernels -- --show-output
//! ```

mod support;

use burn::tensor::Tensor;
use headstart::backbone::webgpu::Network;
use headstart::backbone::weights::QuantizedWeights;
use headstart::backbone::{EMBEDDING_LEN, FEATURE_MAP_LEN, ResNet18};
use headstart::device::{cpu, webgpu_backend};
use pollster::block_on;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::operators::{input, values};
use support::{QUANTIZED, cosine, random_crops, relative_l2};

#[test]
fn every_stage_is_what_burn_computes_on_any_number_of_crops() {
    let backend = block_on(webgpu_backend(None)).expect("this test needs a graphics adapter");
    println!("figure: adapter: {}", backend.adapter);
    let weights = QuantizedWeights::parse(&QUANTIZED).unwrap();
    let reference = ResNet18::load(&weights, &cpu()).unwrap();
    for software in [false, true] {
        let network = Network::load(&weights, backend.device().unwrap(), software).unwrap();
        // The kernels for graphics processors take a quarter of a minute an image on software.
        let suits = software || !backend.is_software();
        let counts: &[usize] = if suits { &[1, 3, 8] } else { &[1] };
        for &count in counts {
            let crops = random_crops(count, &mut ChaCha8Rng::seed_from_u64(count as u64));
            let wanted = reference.stages(input(&crops, &cpu()));
            let [layer1, layer2, layer3, layer4] = wanted.layers;
            let embeddings = values(reference.pool(layer4.clone()));
            let maps: Vec<Tensor<4>> = vec![wanted.maxpool, layer1, layer2, layer3, layer4];
            let stages = block_on(network.stages(&crops)).unwrap();
            assert_eq!(stages.len(), maps.len());
            let mut worst = 0.0_f64;
            for (stage, map) in stages.iter().zip(&maps) {
                let error = relative_l2(&stage.values, &values(map.clone()));
                assert!(error <= 1e-4, "{} of {count}: {error}", stage.name);
                worst = worst.max(error);
            }
            let features = block_on(network.run(&crops, true)).unwrap();
            assert_eq!(features.maps.len(), count * FEATURE_MAP_LEN);
            let error = relative_l2(&features.maps, &values(maps[4].clone()));
            assert!(error <= 1e-4, "maps of {count}: {error}");
            let rows = features.embeddings.chunks_exact(EMBEDDING_LEN);
            assert_eq!(rows.len(), count);
            let cosines = rows.zip(embeddings.chunks_exact(EMBEDDING_LEN));
            let lowest = cosines.map(|(a, b)| cosine(a, b)).fold(1.0, f64::min);
            println!(
                "figure: WGSL kernels (software: {software}), {count} crops: relative L2 of stages at most {worst:.1e}, \
                 cosine of embeddings at least {lowest:.8}"
            );
            assert!(lowest >= 0.9999);
            // Maps are read back only where they are wanted.
            let without = block_on(network.run(&crops, false)).unwrap();
            assert_eq!(without.embeddings, features.embeddings);
            assert!(without.maps.is_empty());
        }
    }
}
