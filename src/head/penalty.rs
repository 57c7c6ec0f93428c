//! Which penalty cross-validation speaks for.

use super::linear::{cross_entropy, softmax_at};
use super::temperature::fit_temperature;

/// The place of the strongest penalty that is no worse than the best by more than one standard error (Breiman
/// et al. 1984, "Classification and Regression Trees", section 3.4.3).
///
/// `logits` has for each penalty, weakest first, `[N, classes]` of images that were left out. They are judged
/// as the head will be, at their best temperature: a strong penalty makes a head timid, which calibration
/// mends, and not worse.
pub fn choose(logits: &[Vec<f32>], truth: &[usize], class_weights: &[f64]) -> usize {
    let classes = class_weights.len();
    let entropies: Vec<Vec<f64>> = logits
        .iter()
        .map(|logits| {
            let temperature = fit_temperature(logits, truth, classes);
            let rows = logits.chunks_exact(classes).zip(truth);
            rows.map(|(row, &class)| {
                class_weights[class] * cross_entropy(&softmax_at(row, temperature), class)
            })
            .collect()
        })
        .collect();
    let means: Vec<f64> = entropies.iter().map(|of_images| mean(of_images)).collect();
    let best = (0..means.len())
        .min_by(|&a, &b| means[a].total_cmp(&means[b]))
        .unwrap_or(0);
    let enough = means[best] + standard_error(&entropies[best]);
    means
        .iter()
        .rposition(|&mean| mean <= enough)
        .unwrap_or(best)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn standard_error(values: &[f64]) -> f64 {
    let (mean, count) = (mean(values), values.len() as f64);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (count - 1.0).max(1.0) / count.max(1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two classes in turn; every tenth image is on the wrong side, by a logit of `size`.
    fn logits(size: f32) -> Vec<f32> {
        let sign = |image: usize| {
            if image.is_multiple_of(2) != image.is_multiple_of(10) {
                1.0
            } else {
                -1.0
            }
        };
        (0..100)
            .flat_map(|image| [sign(image) * size, 0.0])
            .collect()
    }

    #[test]
    fn of_penalties_that_differ_in_sureness_only_the_strongest_is_chosen() {
        let truth: Vec<usize> = (0..100).map(|image| image % 2).collect();
        let candidates = [logits(8.0), logits(2.0), logits(0.5)];
        assert_eq!(choose(&candidates, &truth, &[1.0, 1.0]), 2);
    }

    #[test]
    fn a_penalty_that_classifies_worse_is_not_chosen() {
        let truth: Vec<usize> = (0..100).map(|image| image % 2).collect();
        let candidates = [logits(8.0), logits(2.0), vec![0.0; 200]];
        assert_eq!(choose(&candidates, &truth, &[1.0, 1.0]), 1);
    }
}
