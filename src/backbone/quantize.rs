//! f32 → int8: folds batch norm into the convolutions and rounds each output channel to 8 bits.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, TensorView};

use super::layers::{ConvLayer, convolutions};
use super::weights::{CLASSIFIER, CLASSIFIER_SHAPE, FORMAT, LayerWeights, VERSION, Weights};
use crate::{Error, Result};

/// The metadata's `scheme`.
pub const SCHEME: &str = "int8, symmetric, per output channel, absolute maximum; batch norm folded";
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
    /// A sentence that names the tensor that is missing, too many, of another shape or not finite.
    pub fn from_state_dict(
        mut state: BTreeMap<String, FloatTensor>,
    ) -> std::result::Result<Self, String> {
        let mut tensors = BTreeMap::new();
        for (name, shape) in expected_tensors() {
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
        match state.keys().next() {
            Some(name) => Err(format!("the tensor {name} is not part of a ResNet18")),
            None => Ok(Self { tensors }),
        }
    }

    fn get(&self, name: &str) -> Result<&[f32]> {
        self.tensors
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| Error::corrupt(format!("the tensor {name} is missing")))
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
                .extend(channel.iter().map(|&w| (f64::from(w) * factor) as f32));
            folded
                .bias
                .push((f64::from(beta[index]) - f64::from(mean[index]) * factor) as f32);
        }
        Ok(folded)
    }

    fn classifier(&self) -> Result<LayerWeights> {
        Ok(LayerWeights {
            weight: self.get("fc.weight")?.to_vec(),
            bias: self.get("fc.bias")?.to_vec(),
        })
    }
}

/// Names and shapes of a ResNet18 state dict.
fn expected_tensors() -> Vec<(String, Vec<usize>)> {
    let mut expected = Vec::new();
    for layer in convolutions() {
        expected.push((format!("{}.weight", layer.name), layer.shape().to_vec()));
        for part in ["weight", "bias", "running_mean", "running_var"] {
            expected.push((format!("{}.{part}", layer.norm), vec![layer.channels_out]));
        }
    }
    expected.push(("fc.weight".into(), CLASSIFIER_SHAPE.to_vec()));
    expected.push(("fc.bias".into(), CLASSIFIER_SHAPE[..1].to_vec()));
    expected
}

/// Quantizes a network to the bytes of a weights file.
///
/// # Errors
/// `WEIGHTS_CORRUPT` if a layer is missing, which [`FloatWeights::from_state_dict`] rules out.
pub fn quantize(weights: &FloatWeights, source_sha256: &str) -> Result<Vec<u8>> {
    let mut tensors = Vec::new();
    for layer in convolutions() {
        push_quantized(
            &mut tensors,
            &layer.name,
            &layer.shape(),
            &weights.conv(&layer)?,
        );
    }
    let classifier = weights.classifier()?;
    push_quantized(&mut tensors, CLASSIFIER, &CLASSIFIER_SHAPE, &classifier);

    let metadata = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        ("version".to_string(), VERSION.to_string()),
        ("scheme".to_string(), SCHEME.to_string()),
        ("source_sha256".to_string(), source_sha256.to_string()),
    ]);
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.clone(), view))
        })
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|error| Error::corrupt(error.to_string()))?;
    safetensors::serialize(views, Some(metadata)).map_err(|error| Error::corrupt(error.to_string()))
}

/// A tensor about to be written.
type RawTensor = (String, Dtype, Vec<usize>, Vec<u8>);

fn push_quantized(tensors: &mut Vec<RawTensor>, name: &str, shape: &[usize], layer: &LayerWeights) {
    let (quantized, scales) = quantize_channels(&layer.weight, shape[1..].iter().product());
    let bytes = quantized.iter().map(|&value| value as u8).collect();
    let mut push = |part: &str, dtype, shape: &[usize], bytes| {
        tensors.push((format!("{name}.{part}"), dtype, shape.to_vec(), bytes));
    };
    push("weight", Dtype::I8, shape, bytes);
    push("scale", Dtype::F32, &shape[..1], le_bytes(&scales));
    push("bias", Dtype::F32, &shape[..1], le_bytes(&layer.bias));
}

/// Symmetric int8 per channel: `scale = max |w| / 127`, `q = round(w / scale)`.
fn quantize_channels(weight: &[f32], per_channel: usize) -> (Vec<i8>, Vec<f32>) {
    let mut quantized = Vec::with_capacity(weight.len());
    let mut scales = Vec::with_capacity(weight.len() / per_channel);
    for channel in weight.chunks_exact(per_channel) {
        let largest = channel.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
        // A channel of zeros keeps a harmless scale, so that every scale in the file is positive.
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        quantized.extend(
            channel
                .iter()
                .map(|w| (w / scale).round().clamp(-127.0, 127.0) as i8),
        );
        scales.push(scale);
    }
    (quantized, scales)
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_at_most_half_a_step_off() {
        let weight = [0.9_f32, -1.27, 0.004, 0.0, 3.0, -2.5];
        let (quantized, scales) = quantize_channels(&weight, 3);
        for (index, (&w, &q)) in weight.iter().zip(&quantized).enumerate() {
            let scale = scales[index / 3];
            assert!((w - f32::from(q) * scale).abs() <= scale * 0.5 + 1e-7);
        }
        assert_eq!(quantized[1], -127);
        assert_eq!(quantized[4], 127);
    }

    #[test]
    fn a_channel_of_zeros_stays_zero_with_a_positive_scale() {
        let (quantized, scales) = quantize_channels(&[0.0; 4], 4);
        assert_eq!(quantized, [0; 4]);
        assert!(scales[0] > 0.0);
    }

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
}
