//! Rounding so that a layer answers as it should.

use super::{Row, nearest, step};
use crate::backbone::parallel::parallel_map;
use crate::backbone::weights::{Int8Weights, LayerWeights};
use crate::matrix::{product_transposed, subtract_product};

/// How strongly least squares holds each weight to its real value, as a multiple of the mean power of
/// the layer's inputs: synthetic images say less about photos than the weights do. Errors are much the
/// same from 1 to 10 (see `benches/quantization.md`).
const RIDGE: f32 = 3.0;
/// How often least squares goes over all weights.
const SWEEPS: usize = 3;
/// Input weights that are adjusted before the adjustments reach the rest of the layer.
const BLOCK: usize = 64;
/// Output channels that are rounded together.
const ROWS: usize = 128;

/// What a layer meets and what it should answer.
#[derive(Debug, Default)]
pub(in crate::backbone) struct Samples {
    /// `[samples, inputs]`
    pub inputs: Vec<f32>,
    /// `[samples, outputs]`
    pub targets: Vec<f32>,
}

/// Rounds so that the layer's answers come close to the targets: over integers `Q`, scales `s` and
/// biases `b`, and with the weights `W` that they stand for, it lowers
///
/// `mean ‖t − (s∘Q) x − b‖² + λ ‖W − s∘Q‖²`
///
/// one integer at a time, each to its best value given all others, over and over; after each sweep
/// the scale of each channel has its closed form. Source: Behdin et al. 2023, "QuantEase:
/// Optimization-based Quantization for Language Models", section 3 (coordinate descent), here with
/// targets of its own, the ridge and the scales. Unlike methods that factorise the inputs' second
/// moments (Frantar et al. 2023, "GPTQ"), it needs no inverse, and singular ones do no harm.
pub(in crate::backbone) fn least_squares(layer: &LayerWeights, samples: Samples) -> Int8Weights {
    let rounded = nearest(layer);
    let outputs = layer.bias.len();
    let per_channel = layer.weight.len() / outputs;
    let Some(moments) = Moments::of(samples, per_channel, outputs) else {
        return rounded;
    };
    let starts: Vec<usize> = (0..outputs).step_by(ROWS).collect();
    let groups = parallel_map(&starts, |&start| {
        let end = (start + ROWS).min(outputs);
        let rows = start * per_channel..end * per_channel;
        moments.fit(&layer.weight[rows.clone()], &moments.cross[rows])
    });
    let mut quantized = Int8Weights {
        weight: Vec::with_capacity(rounded.weight.len()),
        ..rounded
    };
    for (index, row) in groups.into_iter().flatten().enumerate() {
        quantized.weight.extend(row.integers());
        quantized.scale[index] = row.scale;
        let answer: f64 = row
            .weights()
            .zip(&moments.mean_input)
            .map(|(w, &x)| f64::from(w) * f64::from(x))
            .sum();
        let bias = (f64::from(moments.mean_target[index]) - answer) as f32;
        if bias.is_finite() {
            quantized.bias[index] = bias;
        }
    }
    quantized
}

/// The first two moments of the samples, in units of the inputs' mean power.
struct Moments {
    /// `[inputs]`
    mean_input: Vec<f32>,
    /// `[outputs]`
    mean_target: Vec<f32>,
    /// `E[t xᵀ]` about the means, `[outputs, inputs]`
    cross: Vec<f32>,
    /// `E[x xᵀ] + λ` about the mean, `[inputs, inputs]`
    second: Vec<f32>,
}

impl Moments {
    /// None where the samples say nothing, or overflow.
    fn of(samples: Samples, inputs: usize, outputs: usize) -> Option<Self> {
        let (x, mean_input) = centred(&samples.inputs, inputs);
        let (t, mean_target) = centred(&samples.targets, outputs);
        let count = x.len() / inputs;
        let squares: f64 = x.iter().map(|&x| f64::from(x).powi(2)).sum();
        let power = (squares / x.len() as f64) as f32;
        if !power.is_normal() {
            return None;
        }
        let unit = 1.0 / (count as f32 * power);
        let products = |a: &[f32], b: &[f32]| {
            let shape = [a.len() / count, count, b.len() / count];
            let mut products = product_transposed(a, b, shape);
            products.iter_mut().for_each(|value| *value *= unit);
            products
        };
        // The matrix is its own transpose: strips up to the diagonal say it all. The longest come first.
        let starts: Vec<usize> = (0..inputs).step_by(BLOCK).rev().collect();
        let strips = parallel_map(&starts, |&start| {
            let end = (start + BLOCK).min(inputs);
            products(&x[start * count..end * count], &x[..end * count])
        });
        let mut second = vec![0.0; inputs * inputs];
        for (start, strip) in starts.into_iter().zip(strips) {
            let end = (start + BLOCK).min(inputs);
            for (row, values) in (start..).zip(strip.chunks_exact(end)) {
                for (column, &value) in values.iter().enumerate() {
                    second[row * inputs + column] = value;
                    second[column * inputs + row] = value;
                }
                second[row * inputs + row] += RIDGE;
            }
        }
        Some(Self {
            cross: products(&t, &x),
            mean_input,
            mean_target,
            second,
        })
    }

    /// Rounds output channels `weight`, `[rows, inputs]`, of which `cross` holds the moments.
    fn fit(&self, weight: &[f32], cross: &[f32]) -> Vec<Row> {
        let inputs = self.mean_input.len();
        let mut rows: Vec<Row> = weight.chunks_exact(inputs).map(Row::nearest).collect();
        // What the steps' sums have to come to.
        let wanted: Vec<f32> = cross
            .iter()
            .zip(weight)
            .map(|(c, w)| c + RIDGE * w)
            .collect();
        // How far they are from it: minus half the derivative of the loss by each weight.
        let now: Vec<f32> = rows.iter().flat_map(Row::weights).collect();
        let mut missing = wanted.clone();
        let shape = [rows.len(), inputs, inputs];
        subtract_product(&mut missing, &now, &self.second, shape);
        for _ in 0..SWEEPS {
            for (start, strip) in (0..inputs)
                .step_by(BLOCK)
                .zip(self.second.chunks(BLOCK * inputs))
            {
                let mut changes = Vec::with_capacity(rows.len() * BLOCK);
                for (row, missing) in rows.iter_mut().zip(missing.chunks_exact(inputs)) {
                    self.improve(row, start, missing, &mut changes);
                }
                let shape = [rows.len(), strip.len() / inputs, inputs];
                subtract_product(&mut missing, &changes, strip, shape);
            }
            for (index, row) in rows.iter_mut().enumerate() {
                let range = index * inputs..(index + 1) * inputs;
                rescale(row, &wanted[range.clone()], &mut missing[range]);
            }
        }
        // Where numbers overflowed, the nearest steps are the safe ones.
        let kept = rows.into_iter().zip(missing.chunks_exact(inputs));
        kept.zip(weight.chunks_exact(inputs))
            .map(|((row, missing), channel)| {
                if missing.iter().all(|value| value.is_finite()) {
                    row
                } else {
                    Row::nearest(channel)
                }
            })
            .collect()
    }

    /// Sets the steps of one block, one after the other, to their best values, and appends the changes
    /// of the weights.
    fn improve(&self, row: &mut Row, start: usize, missing: &[f32], changes: &mut Vec<f32>) {
        let inputs = self.mean_input.len();
        let end = (start + BLOCK).min(inputs);
        let mut missing = missing[start..end].to_vec();
        for index in 0..end - start {
            let at = start + index;
            let second = &self.second[at * inputs..][start..end];
            let old = row.steps[at];
            let new = step(old + missing[index] / (second[index] * row.scale));
            let change = (new - old) * row.scale;
            changes.push(change);
            if change != 0.0 {
                row.steps[at] = new;
                for (missing, second) in missing.iter_mut().zip(second) {
                    *missing -= change * second;
                }
            }
        }
    }
}

/// The columns of row-major `values`, one after the other, each less its mean; and the means.
fn centred(values: &[f32], columns: usize) -> (Vec<f32>, Vec<f32>) {
    let count = values.len() / columns;
    let mut centred = Vec::with_capacity(values.len());
    let mut means = Vec::with_capacity(columns);
    for column in 0..columns {
        let column = values[column..].iter().step_by(columns);
        let sum: f64 = column.clone().map(|&value| f64::from(value)).sum();
        let mean = (sum / count as f64) as f32;
        centred.extend(column.map(|value| value - mean));
        means.push(mean);
    }
    (centred, means)
}

/// The scale that is best for the steps as they are.
fn rescale(row: &mut Row, wanted: &[f32], missing: &mut [f32]) {
    let (mut along, mut power) = (0.0_f64, 0.0_f64);
    for ((&step, &wanted), &missing) in row.steps.iter().zip(wanted).zip(missing.iter()) {
        along += f64::from(step) * f64::from(wanted);
        power += f64::from(step) * (f64::from(wanted) - f64::from(missing));
    }
    let factor = (along / power) as f32;
    let scale = row.scale * factor;
    if power > 0.0 && factor > 0.0 && scale.is_normal() {
        row.scale = scale;
        for (missing, &wanted) in missing.iter_mut().zip(wanted) {
            *missing = wanted - factor * (wanted - *missing);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const INPUTS: usize = 100;
    const OUTPUTS: usize = 5;
    const SAMPLES: usize = 400;

    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    /// Inputs like a layer's: positive, and alike among neighbours.
    fn inputs() -> Vec<f32> {
        random(SAMPLES * INPUTS, 1)
            .chunks_exact(INPUTS)
            .flat_map(|row| (0..INPUTS).map(|i| (row[i / 10] + 0.3 * row[i] + 0.5).max(0.0)))
            .collect()
    }

    fn layer() -> LayerWeights {
        LayerWeights {
            weight: random(OUTPUTS * INPUTS, 2),
            bias: random(OUTPUTS, 3),
        }
    }

    /// `[samples, outputs]`
    fn answers(layer: &LayerWeights, inputs: &[f32]) -> Vec<f32> {
        let channel = |x: &[f32], w: &[f32]| -> f32 { x.iter().zip(w).map(|(x, w)| x * w).sum() };
        inputs
            .chunks_exact(INPUTS)
            .flat_map(|x| {
                let channels = layer.weight.chunks_exact(INPUTS).zip(&layer.bias);
                channels.map(move |(w, b)| channel(x, w) + b)
            })
            .collect()
    }

    fn fit(layer: &LayerWeights, inputs: &[f32], targets: &[f32]) -> Int8Weights {
        let samples = Samples {
            inputs: inputs.to_vec(),
            targets: targets.to_vec(),
        };
        least_squares(layer, samples)
    }

    fn squared_error(a: &[f32], b: &[f32]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
    }

    fn assert_usable(layer: &Int8Weights) {
        assert!(layer.scale.iter().all(|&s| s.is_finite() && s > 0.0));
        assert!(layer.bias.iter().all(|b| b.is_finite()));
        assert!(layer.weight.iter().all(|&q| q != i8::MIN));
    }

    #[test]
    fn nearest_is_at_most_half_a_step_off() {
        let layer = LayerWeights {
            weight: vec![0.9, -1.27, 0.004, 0.0, 3.0, -2.5],
            bias: vec![0.5, -0.5],
        };
        let quantized = nearest(&layer);
        let restored = quantized.dequantize();
        for (index, (w, r)) in layer.weight.iter().zip(&restored.weight).enumerate() {
            assert!((w - r).abs() <= quantized.scale[index / 3] * 0.5 + 1e-7);
        }
        assert_eq!(quantized.weight[1], -127);
        assert_eq!(quantized.weight[4], 127);
        assert_eq!(restored.bias, layer.bias);
    }

    #[test]
    fn least_squares_at_least_halves_the_error_of_nearest() {
        let (layer, inputs) = (layer(), inputs());
        let targets = answers(&layer, &inputs);
        let error = |quantized: &Int8Weights| {
            squared_error(&answers(&quantized.dequantize(), &inputs), &targets).sqrt()
        };
        let (before, after) = (
            error(&nearest(&layer)),
            error(&fit(&layer, &inputs, &targets)),
        );
        assert!(after < 0.5 * before, "{after} after {before}");
    }

    #[test]
    fn answers_are_right_on_average() {
        let (layer, inputs) = (layer(), inputs());
        // As if the layers before had shifted what this one meets.
        let targets: Vec<f32> = answers(&layer, &inputs).iter().map(|t| t + 0.25).collect();
        let restored = answers(&fit(&layer, &inputs, &targets).dequantize(), &inputs);
        for output in 0..OUTPUTS {
            let off: f32 = (0..SAMPLES)
                .map(|sample| sample * OUTPUTS + output)
                .map(|at| restored[at] - targets[at])
                .sum();
            assert!((off / SAMPLES as f32).abs() < 1e-5, "{off}");
        }
    }

    #[test]
    fn samples_that_say_nothing_leave_the_nearest_steps() {
        let layer = layer();
        for value in [0.0, 1.0, 1e-30, f32::MAX, f32::INFINITY, f32::NAN] {
            let inputs = vec![value; SAMPLES * INPUTS];
            let targets = answers(&layer, &inputs);
            let quantized = fit(&layer, &inputs, &targets);
            assert_eq!(
                quantized.weight,
                nearest(&layer).weight,
                "inputs of {value}"
            );
            assert_usable(&quantized);
        }
    }

    #[test]
    fn dead_tiny_and_huge_channels_stay_usable() {
        let mut layer = layer();
        let inputs = inputs();
        for (channel, factor) in [(0, 0.0), (1, 1e-42), (2, 1e-30), (3, 1e30)] {
            let channel = &mut layer.weight[channel * INPUTS..(channel + 1) * INPUTS];
            channel.iter_mut().for_each(|w| *w *= factor);
        }
        assert_usable(&nearest(&layer));
        let targets = answers(&layer, &inputs);
        let quantized = fit(&layer, &inputs, &targets);
        assert_usable(&quantized);
        assert!(quantized.weight[..2 * INPUTS].iter().all(|&q| q == 0));
        assert!(quantized.weight[2 * INPUTS..].iter().any(|&q| q > 64));
        let infinite = vec![f32::INFINITY; targets.len()];
        assert_usable(&fit(&layer, &inputs, &infinite));
    }
}
