//! A network of random weights, for tests and benchmarks that need no checkpoint.

use headstart::Result;
use headstart::backbone::layers::ConvLayer;
use headstart::backbone::weights::{Int8Layers, Int8Weights, LayerWeights, Weights};
use headstart::image::INPUT_LEN;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Weights of a size at which maps neither fade nor grow (He et al. 2015, "Delving Deep into Rectifiers"). A layer's
/// depend on the seed and its name alone.
pub struct RandomWeights(pub u64);

impl Int8Layers for RandomWeights {
    fn conv_int8(&self, layer: &ConvLayer) -> Result<Int8Weights> {
        let name = layer.name.bytes().map(u64::from);
        let seed = name.fold(self.0, |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(byte)
        });
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // A second convolution's output is added to a map of the same size.
        let gain = if layer.name.ends_with("conv2") {
            1.0
        } else {
            2.0
        };
        let bound = (3.0 * gain / layer.weights_per_channel() as f32).sqrt();
        let count = layer.shape().iter().product();
        let channels = layer.channels_out;
        Ok(Int8Weights {
            weight: (0..count).map(|_| rng.random_range(-127..=127)).collect(),
            scale: (0..channels)
                .map(|_| rng.random_range(0.9..1.1) * bound / 127.0)
                .collect(),
            bias: (0..channels).map(|_| rng.random_range(-0.1..0.1)).collect(),
        })
    }
}

impl Weights for RandomWeights {
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights> {
        Ok(self.conv_int8(layer)?.dequantize())
    }

    fn classifier(&self) -> Result<LayerWeights> {
        Ok(LayerWeights {
            weight: vec![0.0; 1000 * 512],
            bias: vec![0.0; 1000],
        })
    }
}

/// Crops `[count, 224, 224, 3]` of random bytes.
pub fn random_crops(count: usize, rng: &mut impl Rng) -> Vec<u8> {
    let mut crops = vec![0; count * INPUT_LEN];
    rng.fill_bytes(&mut crops);
    crops
}
