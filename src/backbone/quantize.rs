//! f32 → int8: folds batch norm into the convolutions and rounds each output channel to 8 bits.
//!
//! The network computes with f32 activations, so what is lost is lost by rounding weights.
//! `benches/quantization.md` has what each [`Scheme`] loses.

use std::collections::BTreeMap;

use super::calibration::calibrate;
use super::network::{Classifier, ConvLayer, Description};
use super::rounding::nearest;
use super::weights::{FORMAT, Int8Weights, LayerWeights, VERSION, Weights};
use crate::tensor_file::{self, Problem, RawTensor};
use crate::{Error, Result};

/// How weights are rounded. Either way a file holds symmetric int8 with a scale per output channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// To the nearest of 255 steps up to the channel's absolute maximum.
    AbsoluteMaximum,
    /// So that each layer's outputs have the least squared error on synthetic images, scales and biases
    /// included. Takes seconds.
    #[default]
    LeastSquares,
}

impl Scheme {
    /// The metadata's `scheme`.
    pub fn description(self) -> &'static str {
        match self {
            Self::AbsoluteMaximum => {
                "int8, symmetric, per output channel, absolute maximum; batch norm folded"
            }
            Self::LeastSquares => {
                "int8, symmetric, per output channel, least squares on synthetic images, biases corrected; batch norm folded"
            }
        }
    }
}

/// What batch norm adds to the variance (torch's default).
const NORM_EPSILON: f64 = 1e-5;

/// A network's tensors in f32 under torchvision's names, shapes checked.
#[derive(Debug, Clone)]
pub struct FloatWeights {
    tensors: BTreeMap<String, Vec<f32>>,
}

/// A tensor as read from a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f32>,
}

impl FloatWeights {
    /// Takes a ResNet18 state dict. `num_batches_tracked` counters are ignored.
    ///
    /// # Errors
    /// A sentence that names the tensor that is missing, too many, of another shape or not finite, or the
    /// batch norm that makes weights that are not (such as one of negative variance).
    pub fn from_state_dict(
        mut state: BTreeMap<String, FloatTensor>,
    ) -> std::result::Result<Self, String> {
        let mut tensors = BTreeMap::new();
        let network = Description::resnet18();
        for (name, shape) in expected_tensors(&network) {
            let tensor = state
                .remove(&name)
                .ok_or_else(|| format!("the tensor {name} is missing"))?;
            if tensor.shape != shape {
                return Err(format!(
                    "the tensor {name} has the shape {:?}, not {shape:?}",
                    tensor.shape
                ));
            }
            if tensor.values.iter().any(|value| !value.is_finite()) {
                return Err(format!(
                    "the tensor {name} holds a value that is not finite"
                ));
            }
            tensors.insert(name, tensor.values);
        }
        state.retain(|name, _| !name.ends_with(".num_batches_tracked"));
        if let Some(name) = state.keys().next() {
            return Err(format!("the tensor {name} is not part of a ResNet18"));
        }
        let weights = Self { tensors };
        for layer in network.convolutions() {
            let folded = weights.conv(layer).map_err(|error| error.to_string())?;
            let mut values = folded.weight.iter().chain(&folded.bias);
            if !values.all(|value| value.is_finite()) {
                return Err(format!(
                    "the batch norm {} makes weights that are not finite",
                    layer.norm
                ));
            }
        }
        Ok(weights)
    }

    fn get(&self, name: &str) -> Result<&[f32]> {
        self.tensors.get(name).map(Vec::as_slice).ok_or_else(|| {
            Error::weights(Problem::corrupt(format!("the tensor {name} is missing")))
        })
    }
}

impl Weights for FloatWeights {
    /// Folds `y = γ (conv(x) − μ) / √(σ² + ε) + β` into one convolution with a bias
    /// (Jacob et al. 2018, "Quantization and Training of Neural Networks", section 3.2).
    fn conv(&self, layer: &ConvLayer) -> Result<LayerWeights> {
        let weight = self.get(&format!("{}.weight", layer.name))?;
        let norm = |part: &str| self.get(&format!("{}.{part}", layer.norm));
        let (gamma, beta) = (norm("weight")?, norm("bias")?);
        let (mean, variance) = (norm("running_mean")?, norm("running_var")?);
        let mut folded = LayerWeights {
            weight: Vec::with_capacity(weight.len()),
            bias: Vec::with_capacity(layer.channels_out),
        };
        let channels = weight.chunks_exact(layer.weights_per_channel());
        for (index, channel) in channels.enumerate() {
            let factor =
                f64::from(gamma[index]) / (f64::from(variance[index]) + NORM_EPSILON).sqrt();
            folded
                .weight
                .extend(channel.iter().map(|&w| normal(f64::from(w) * factor)));
            folded
                .bias
                .push((f64::from(beta[index]) - f64::from(mean[index]) * factor) as f32);
        }
        Ok(folded)
    }

    fn classifier(&self, classifier: &Classifier) -> Result<LayerWeights> {
        let part = |part: &str| self.get(&format!("{}.{part}", classifier.name));
        Ok(LayerWeights {
            weight: part("weight")?.to_vec(),
            bias: part("bias")?.to_vec(),
        })
    }
}

/// In f32, without what is too small to count in any sum and takes processors a hundred times as long.
fn normal(value: f64) -> f32 {
    let value = value as f32;
    if value.is_subnormal() { 0.0 } else { value }
}

/// Names and shapes of a network's state dict.
fn expected_tensors(network: &Description) -> Vec<(String, Vec<usize>)> {
    let mut expected = Vec::new();
    for layer in network.convolutions() {
        expected.push((format!("{}.weight", layer.name), layer.shape().to_vec()));
        for part in ["weight", "bias", "running_mean", "running_var"] {
            expected.push((format!("{}.{part}", layer.norm), vec![layer.channels_out]));
        }
    }
    let classifier = &network.classifier;
    let shape = classifier.shape();
    expected.push((format!("{}.weight", classifier.name), shape.to_vec()));
    expected.push((format!("{}.bias", classifier.name), shape[..1].to_vec()));
    expected
}

/// Quantizes a network to the bytes of a weights file. The same weights give the same bytes on the
/// same kind of processor.
///
/// # Errors
/// `WEIGHTS_CORRUPT` if a layer is missing, which [`FloatWeights::from_state_dict`] rules out.
pub fn quantize(weights: &FloatWeights, source_sha256: &str, scheme: Scheme) -> Result<Vec<u8>> {
    let network = Description::resnet18();
    let layers = match scheme {
        Scheme::AbsoluteMaximum => round_to_nearest(&network, weights)?,
        Scheme::LeastSquares => calibrate(&network, weights)?,
    };
    let classifier = &network.classifier;
    let shapes = network
        .convolutions()
        .map(|layer| (layer.name.as_str(), layer.shape().to_vec()))
        .chain([(classifier.name, classifier.shape().to_vec())]);
    let mut tensors = Vec::new();
    for (name, shape) in shapes {
        let layer = layers.get(name).ok_or_else(|| {
            Error::weights(Problem::corrupt(format!("the layer {name} is missing")))
        })?;
        push_layer(&mut tensors, name, &shape, layer);
    }

    let metadata = vec![
        ("format", FORMAT.to_string()),
        ("version", VERSION.to_string()),
        ("scheme", scheme.description().to_string()),
        ("source_sha256", source_sha256.to_string()),
    ];
    tensor_file::write(tensors, metadata).map_err(Error::weights)
}

fn round_to_nearest(
    network: &Description,
    weights: &FloatWeights,
) -> Result<BTreeMap<String, Int8Weights>> {
    let mut layers = BTreeMap::new();
    for layer in network.convolutions() {
        let rounded = nearest(&weights.conv(layer)?);
        layers.insert(layer.name.clone(), rounded);
    }
    let classifier = &network.classifier;
    let rounded = nearest(&weights.classifier(classifier)?);
    layers.insert(classifier.name.into(), rounded);
    Ok(layers)
}

fn push_layer<'a>(
    tensors: &mut Vec<RawTensor<'a>>,
    name: &str,
    shape: &[usize],
    layer: &'a Int8Weights,
) {
    let channels = &shape[..1];
    tensors.extend([
        RawTensor::i8(format!("{name}.weight"), shape, &layer.weight),
        RawTensor::f32(format!("{name}.scale"), channels, &layer.scale),
        RawTensor::f32(format!("{name}.bias"), channels, &layer.bias),
    ]);
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::backbone::weights::QuantizedWeights;

    #[test]
    fn folding_gives_what_convolution_and_batch_norm_give() {
        // A 1x1 convolution of one channel at one pixel is a product.
        let layer = ConvLayer {
            name: "c".into(),
            norm: "n".into(),
            channels_in: 1,
            channels_out: 1,
            kernel: 1,
            stride: 1,
        };
        let tensors = [
            ("c.weight", 0.7_f32),
            ("n.weight", 1.3),
            ("n.bias", -0.2),
            ("n.running_mean", 0.4),
            ("n.running_var", 2.0),
        ];
        let weights = FloatWeights {
            tensors: tensors.map(|(name, v)| (name.to_string(), vec![v])).into(),
        };
        let folded = weights.conv(&layer).unwrap();
        let x = 1.9_f32;
        let expected = 1.3 * (0.7 * x - 0.4) / (2.0_f32 + 1e-5).sqrt() - 0.2;
        assert!((folded.weight[0] * x + folded.bias[0] - expected).abs() < 1e-6);
    }

    /// A network with what training leaves behind: channels that died, and tiny and large ones.
    fn odd_network() -> FloatWeights {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let state = expected_tensors(&Description::resnet18())
            .into_iter()
            .map(|(name, shape)| {
                let values = (0..shape.iter().product())
                    .map(|index| match (index % 8, name.rsplit('.').next()) {
                        (0, Some("weight")) => 0.0,
                        (1, Some("weight")) => 1e-40,
                        (2, Some("weight")) if shape.len() == 1 => 1e6,
                        (3, Some("running_var")) => 0.0,
                        (_, Some("running_var")) => rng.random_range(0.5..2.0),
                        _ => rng.random_range(-0.1..0.1),
                    })
                    .collect();
                (name, FloatTensor { shape, values })
            });
        FloatWeights::from_state_dict(state.collect()).unwrap()
    }

    #[test]
    fn odd_channels_make_a_file_that_can_be_read_and_the_same_one_each_time() {
        let weights = odd_network();
        for scheme in [Scheme::AbsoluteMaximum, Scheme::LeastSquares] {
            let file = quantize(&weights, "", scheme).unwrap();
            // Parsing checks that scales are finite and positive, and biases finite.
            QuantizedWeights::parse(&file).unwrap();
            assert!(file == quantize(&weights, "", scheme).unwrap());
        }
    }

    #[test]
    fn a_batch_norm_of_negative_variance_is_named() {
        let mut state: BTreeMap<_, _> = expected_tensors(&Description::resnet18())
            .into_iter()
            .map(|(name, shape)| {
                let values = vec![1.0; shape.iter().product()];
                (name, FloatTensor { shape, values })
            })
            .collect();
        let name = "layer2.0.downsample.1.running_var";
        state.get_mut(name).unwrap().values[3] = -1.0;
        let problem = FloatWeights::from_state_dict(state).unwrap_err();
        assert!(problem.contains("layer2.0.downsample.1"), "{problem}");
    }
}
