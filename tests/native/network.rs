//! Networks that nobody has trained, from the same description of what one consists of: by the kernels for the
//! processor and by burn's operators.

use crate::support::operators::{input, values};
use crate::support::{random_crops, relative_l2};
use headstart::backbone::Reference;
use headstart::backbone::kernels::Network;
use headstart::backbone::network::{Activation, Classifier, ConvLayer, Description};
use headstart::backbone::weights::{Int8Layers, Int8Weights, LayerWeights, Weights};
use headstart::device::cpu;
use headstart::{Result, image::content_hash};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Weights that are drawn from a layer's name, small enough that sums stay as large as what they are of.
struct Drawn;

impl Drawn {
    fn int8(name: &str, channels: usize, inputs: usize) -> Int8Weights {
        let hash = content_hash(name.as_bytes());
        let seed = u64::from_str_radix(&hash[..16], 16).expect("a hash is hexadecimal");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let weight = (0..channels * inputs).map(|_| rng.random_range(-127..=127_i8));
        let weight = weight.collect();
        let size = 1.2 / 73.0 / (inputs as f32).sqrt();
        Int8Weights {
            weight,
            scale: (0..channels)
                .map(|_| size * rng.random_range(0.5..1.0))
                .collect(),
            bias: (0..channels).map(|_| rng.random_range(-0.2..0.2)).collect(),
        }
    }
}

impl Int8Layers for Drawn {
    fn conv_int8(&self, layer: &ConvLayer) -> Result<Int8Weights> {
        let inputs = layer.weights_per_channel();
        Ok(Self::int8(&layer.name, layer.channels_out, inputs))
    }
}

impl Weights for Drawn {
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights> {
        Ok(self.conv_int8(layer)?.dequantize())
    }

    fn classifier(&self, classifier: &Classifier) -> Result<LayerWeights> {
        let Classifier {
            name,
            classes,
            features,
        } = classifier;
        Ok(Self::int8(name, *classes, *features).dequantize())
    }
}

fn compare(network: &Description) {
    let crops = random_crops(2, &mut ChaCha8Rng::seed_from_u64(5));
    let kernels = Network::load(network, &Drawn).unwrap();
    let ours = kernels.stages(&crops);
    let reference = Reference::load(network, &Drawn, &cpu()).unwrap();
    let theirs = reference.stages(input(&crops, &cpu()));
    let layout = network.layout();
    assert_eq!(ours.len(), 1 + layout.stages().len());
    assert_eq!(ours.len(), theirs.len());
    for (stage, theirs) in ours.iter().zip(theirs) {
        let theirs = values(theirs);
        let error = relative_l2(&stage.values, &theirs);
        println!(
            "figure: {}, {}: relative L2 {error:.1e}",
            network.name, stage.name
        );
        assert!(error < 1e-3, "{}, {}: {error}", network.name, stage.name);
        assert!(theirs.iter().any(|&value| value > 0.0));
    }
    let features = kernels.features(&crops, true);
    assert_eq!(features.embeddings.len(), 2 * layout.len());
    assert_eq!(features.maps.len(), 2 * layout.maps_len());
    let logits = values(reference.logits(input(&crops, &cpu())));
    assert_eq!(logits.len(), 2 * network.classifier.classes);
}

#[test]
fn another_network_is_another_description() {
    compare(&Description::resnet34());
}

/// A block may end in a convolution of another kind, and without an activation: the shortcut is added all the same.
#[test]
fn blocks_need_not_be_those_of_resnet() {
    let mut network = Description::resnet18();
    for (stage, kernel) in [(0, 1), (1, 1), (2, 3)] {
        let block = network.stages[stage].blocks.first_mut().unwrap();
        let last = block.steps.last_mut().unwrap();
        last.convolution.kernel = kernel;
        last.activation = Activation::Identity;
    }
    // One convolution, and three.
    network.stages[3].blocks[1].steps.truncate(1);
    let mut third = network.stages[0].blocks[1].steps[1].clone();
    third.convolution.name = "layer1.1.conv3".into();
    network.stages[0].blocks[1].steps.push(third);
    compare(&network);
}
