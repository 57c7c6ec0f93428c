//! Two regressions' logits put together (Wolpert 1992, "Stacked generalization"): how much each counts is found on
//! images that neither had learned from.

use super::linear::{cross_entropy, softmax_at};
use super::temperature::{fit_temperature, prior_cost};

/// What the first counts before any image has said: `5 / (10 + images of a class)`, and how far that strays. With few
/// images the last stage is worth more than they can say; with many, a prior would only hide what the other knows
/// (`benches/accuracy.md`).
const PRIOR: (f64, f64) = (5.0, 10.0);
const PRIOR_DEVIATION: f64 = 0.2;
/// Shares that are tried.
const STEPS: usize = 20;

/// What each of two regressions counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixture {
    /// What their logits are multiplied with; together they make 1.
    pub weights: [f64; 2],
    /// What the sum is divided by.
    pub temperature: f64,
    /// How much the first counts when both are as sure as they should be.
    pub share: f64,
}

impl Mixture {
    /// Where no image can be left out to say, with so many images of a class on average.
    pub fn unseen(per_class: f64) -> Self {
        let share = prior(per_class);
        Self {
            weights: [share, 1.0 - share],
            temperature: 1.0,
            share,
        }
    }

    /// The mixture of least cross-entropy of logits `[N, classes]`, each first taken at its own best temperature,
    /// under a normal prior.
    pub fn fit([first, second]: [&[f32]; 2], truth: &[usize], classes: usize) -> Self {
        let before = prior(truth.len() as f64 / classes as f64);
        let own = [first, second].map(|logits| fit_temperature(logits, truth, classes));
        let mut best: Option<(f64, Self)> = None;
        for step in 0..=STEPS {
            let share = step as f64 / STEPS as f64;
            let factors = [share / own[0], (1.0 - share) / own[1]];
            let logits = combine([first, second], factors);
            let temperature = fit_temperature(&logits, truth, classes);
            let rows = logits.chunks_exact(classes).zip(truth);
            let entropies =
                rows.map(|(row, &class)| cross_entropy(&softmax_at(row, temperature), class));
            let cost = entropies.sum::<f64>()
                + prior_cost(temperature)
                + 0.5 * ((share - before) / PRIOR_DEVIATION).powi(2);
            if best.is_none_or(|(least, _)| cost < least) {
                let sum = factors[0] + factors[1];
                let mixture = Self {
                    weights: factors.map(|factor| factor / sum),
                    temperature: temperature / sum,
                    share,
                };
                best = Some((cost, mixture));
            }
        }
        best.map_or(Self::unseen(0.0), |(_, mixture)| mixture)
    }
}

fn prior(per_class: f64) -> f64 {
    PRIOR.0 / (PRIOR.1 + per_class)
}

/// The sum of logits, each multiplied with a factor.
pub fn combine([first, second]: [&[f32]; 2], factors: [f64; 2]) -> Vec<f32> {
    let sum =
        |(&a, &b): (&f32, &f32)| (f64::from(a) * factors[0] + f64::from(b) * factors[1]) as f32;
    first.iter().zip(second).map(sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 images of two classes: logits of `size` for the class, but for every `wrong`th image.
    fn logits(size: f32, wrong: usize) -> Vec<f32> {
        let logit = |image: usize| {
            let sign = if image.is_multiple_of(2) { 1.0 } else { -1.0 };
            [if image % wrong == 1 { -sign } else { sign } * size, 0.0]
        };
        (0..200).flat_map(logit).collect()
    }

    #[test]
    fn who_is_right_more_often_counts_more_however_sure_it_is() {
        let truth: Vec<usize> = (0..200).map(|image| image % 2).collect();
        let [good, bad] = [logits(1.0, 50), logits(20.0, 3)];
        let mixture = Mixture::fit([&good, &bad], &truth, 2);
        assert!(mixture.share > 0.5, "{mixture:?}");
        assert!((mixture.weights[0] + mixture.weights[1] - 1.0).abs() < 1e-12);
        let turned = Mixture::fit([&bad, &good], &truth, 2);
        assert!(turned.share < 0.06, "{turned:?}");
    }

    #[test]
    fn where_both_say_the_same_each_counts_what_it_did_before() {
        let truth: Vec<usize> = (0..200).map(|image| image % 2).collect();
        let logits = logits(2.0, 10);
        let mixture = Mixture::fit([&logits, &logits], &truth, 2);
        // A hundred images of each class: 0.045, the nearest of the shares that are tried.
        assert!((mixture.share - 0.05).abs() < 1e-9, "{mixture:?}");
    }
}
