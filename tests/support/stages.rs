//! The network's maps, stage by stage.

use headstart::backbone::kernels::Network;
use headstart::backbone::network::Description;
use headstart::backbone::weights::Int8Layers;

use super::{CROPS, REFERENCES, integers, relative_l2, tensor};

pub const STAGES: [&str; 5] = ["maxpool", "layer1", "layer2", "layer3", "layer4"];

/// What each stage of the kernels for the processor puts out for crops `[N, 224, 224, 3]`.
pub fn by_kernels(weights: &impl Int8Layers, crops: &[u8]) -> Vec<Vec<f32>> {
    let network = Network::load(&Description::resnet18(), weights);
    let stages = network.expect("the weights are whole").stages(crops);
    stages.into_iter().map(|stage| stage.values).collect()
}

/// Compares each stage with another's.
pub fn compare(name: &str, ours: &[Vec<f32>], theirs: &[Vec<f32>], bound: f64) {
    assert_eq!([ours.len(), theirs.len()], [STAGES.len(); 2], "{name}");
    for (stage, (ours, theirs)) in STAGES.iter().zip(ours.iter().zip(theirs)) {
        let error = relative_l2(ours, theirs);
        println!("figure: {name}, {stage}: relative L2 {error:.2e}");
        assert!(error <= bound, "{name}, {stage}: relative L2 {error}");
        assert!(error > 0.0, "{name}, {stage}: it was compared with itself");
    }
}

/// Compares each stage with torch's, whose maps are kept as a sample and a norm: `weights` says whether they are
/// `exact` or `rounded` ones. `stages` takes crops `[N, 224, 224, 3]` through the network.
pub fn compare_with_torch(weights: &str, bound: f64, stages: impl Fn(&[u8]) -> Vec<Vec<f32>>) {
    for (row, crop) in integers(REFERENCES, "staged.crops").into_iter().enumerate() {
        let ours = stages(&CROPS[crop]);
        assert_eq!(ours.len(), STAGES.len());
        for (stage, map) in STAGES.iter().zip(&ours) {
            let step = integers(REFERENCES, &format!("step.{stage}"))[0];
            let sample: Vec<f32> = map.iter().copied().step_by(step).collect();
            let kept = |part: &str| tensor(REFERENCES, &format!("{weights}.{stage}.{part}")).0;
            let samples = kept("sample");
            let error = relative_l2(&sample, &samples[row * sample.len()..][..sample.len()]);
            let norm = map
                .iter()
                .map(|&x| f64::from(x).powi(2))
                .sum::<f64>()
                .sqrt();
            let norm_error = (norm / f64::from(kept("norm")[row]) - 1.0).abs();
            println!(
                "figure: {weights} weights, crop {crop}, {stage}: relative L2 to torch's {error:.2e}, norm off by {norm_error:.1e}"
            );
            assert!(error <= bound, "crop {crop}, {stage}: relative L2 {error}");
            assert!(
                norm_error <= bound,
                "crop {crop}, {stage}: norm off by {norm_error}"
            );
        }
    }
}
