//! Temperature scaling: dividing all logits by one number, so that stated probabilities come true as often
//! as they say (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2).

use super::linear::{cross_entropy, softmax_at};

/// How far the logarithm of the temperature strays before any image was seen. On a handful of images, all
/// classified correctly, the likelihood alone would ask for a temperature of 0.
const PRIOR_DEVIATION: f64 = 0.5;
/// Where the logarithm of the temperature is looked for: from 1/20 to 20.
const BOUND: f64 = 3.0;
/// Golden-section steps: the temperature is exact to five digits.
const STEPS: usize = 30;

/// The temperature with the least cross-entropy of logits `[N, classes]`, under a log-normal prior around 1.
///
/// The images must not be those that the head was fitted on. 1 for none.
pub fn fit_temperature(logits: &[f32], truth: &[usize], classes: usize) -> f64 {
    if truth.is_empty() {
        return 1.0;
    }
    let cost = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp();
        let entropies = logits
            .chunks_exact(classes)
            .zip(truth)
            .map(|(row, &class)| cross_entropy(&softmax_at(row, temperature), class));
        entropies.sum::<f64>() + prior_cost(temperature)
    };
    // Golden-section search; the cost falls to one minimum and rises again in all but contrived cases, and
    // there a bounded temperature is still a usable one.
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-BOUND, BOUND);
    let mut inner = (high - ratio * (high - low), low + ratio * (high - low));
    let mut costs = (cost(inner.0), cost(inner.1));
    for _ in 0..STEPS {
        if costs.0 <= costs.1 {
            high = inner.1;
            inner = (high - ratio * (high - low), inner.0);
            costs = (cost(inner.0), costs.0);
        } else {
            low = inner.0;
            inner = (inner.1, low + ratio * (high - low));
            costs = (costs.1, cost(inner.1));
        }
    }
    ((low + high) / 2.0).exp()
}

/// What a temperature costs before any image was seen, in nats.
pub fn prior_cost(temperature: f64) -> f64 {
    0.5 * (temperature.ln() / PRIOR_DEVIATION).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a thousand images at a logit of `size`, as many are right as a logit of 1 promises.
    fn images(size: f32) -> (Vec<f32>, Vec<usize>) {
        let right = (1000.0 / (1.0 + (-1.0_f64).exp())).round() as usize;
        let truth = (0..1000).map(|image| usize::from(image >= right)).collect();
        ([size, 0.0].repeat(1000), truth)
    }

    #[test]
    fn a_head_that_is_too_sure_is_cooled_and_a_timid_one_heated() {
        for size in [0.5_f32, 1.0, 4.0] {
            let (logits, truth) = images(size);
            let temperature = fit_temperature(&logits, &truth, 2);
            let wanted = f64::from(size);
            assert!(
                (temperature / wanted - 1.0).abs() < 0.1,
                "{temperature} for {wanted}"
            );
        }
    }

    #[test]
    fn a_few_images_hardly_move_it() {
        let temperature = fit_temperature(&[0.5, 0.0, 0.5, 0.0], &[0, 0], 2);
        assert!(temperature > 0.7 && temperature < 1.0, "{temperature}");
        assert_eq!(fit_temperature(&[], &[], 2), 1.0);
    }
}
