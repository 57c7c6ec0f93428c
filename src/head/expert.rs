//! The regressions that a head is put together from, and what each feature counts in them.

use std::sync::Arc;

use super::objective::Objective;

/// What a feature counts where nothing in it tells the classes apart, and how fast that grows with what it tells:
/// `(share + 0.05)^0.35`.
const FEATURE: (f64, f64) = (0.05, 0.35);
/// The same for a stage, by the mean of its features: `(mean + 0.01)^0.75`.
const STAGE: (f64, f64) = (0.01, 0.75);

/// A regression's view of the features. All are standardised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expert {
    /// All features count alike: logistic regression as every textbook has it.
    Plain,
    /// The last stage's features alone, all alike: with photos of everyday things they know best, and with few
    /// images the others are in the way.
    LastStage,
    /// Each feature, and each stage, the more the better it tells the training images' classes apart: how far one
    /// stage's features help depends on the kind of pictures (Evci et al. 2022, "Head2Toe: Utilizing Intermediate
    /// Representations for Better Transfer Learning", choose among them). The two exponents are those of least log
    /// loss on nine sets of pictures, from 5 images a class to all (`benches/accuracy.md`).
    Weighed,
}

impl Expert {
    /// What each feature is multiplied with. Parts are the lengths of the stages; what it takes from the images, it
    /// takes from those that count.
    pub fn feature_weights(
        self,
        objective: &Objective,
        parts: &[usize],
        counts: impl Fn(usize) -> bool,
    ) -> Arc<[f64]> {
        let features = objective.features();
        match self {
            Self::Plain => vec![1.0; features].into(),
            Self::LastStage => {
                let last = features - parts.last().copied().unwrap_or(features);
                let weight = |feature| f64::from(u8::from(feature >= last));
                (0..features).map(weight).collect()
            }
            Self::Weighed => weigh(&told_apart(objective, counts), parts).into(),
        }
    }
}

/// Feature weights whose squares are 1 on average, so that a penalty means the same whatever they are.
fn weigh(told_apart: &[f64], parts: &[usize]) -> Vec<f64> {
    let mut weights = Vec::with_capacity(told_apart.len());
    let mut rest = told_apart;
    for &len in parts {
        let (part, others) = rest.split_at(len);
        rest = others;
        let mean = part.iter().sum::<f64>() / len.max(1) as f64;
        let stage = (mean + STAGE.0).powf(STAGE.1);
        weights.extend(part.iter().map(|x| stage * (x + FEATURE.0).powf(FEATURE.1)));
    }
    let square = weights.iter().map(|w| w * w).sum::<f64>() / weights.len().max(1) as f64;
    weights.iter_mut().for_each(|w| *w /= square.sqrt());
    weights
}

/// The share of each feature's variance that lies between classes, beyond what chance gives: the adjusted R² of a
/// one-way analysis of variance, `(R² − e) / (1 − e)` with `e = (classes − 1) / (images − 1)`, at least 0.
fn told_apart(objective: &Objective, counts: impl Fn(usize) -> bool) -> Vec<f64> {
    let (features, classes) = (objective.features(), objective.classes());
    let mut sizes = vec![0_usize; classes];
    let mut sums = vec![0.0_f64; classes * features];
    let mut squares = vec![0.0_f64; features];
    let rows = objective.inputs().chunks_exact(features);
    for (image, (row, &class)) in rows.zip(objective.truth()).enumerate() {
        if !counts(image) {
            continue;
        }
        sizes[class] += 1;
        let sums = &mut sums[class * features..][..features];
        for ((sum, square), &value) in sums.iter_mut().zip(&mut squares).zip(row) {
            *sum += f64::from(value);
            *square += f64::from(value) * f64::from(value);
        }
    }
    let images: usize = sizes.iter().sum();
    let present = sizes.iter().filter(|&&size| size > 0).count();
    if images <= present {
        return vec![0.0; features];
    }
    let by_chance = (present as f64 - 1.0) / (images as f64 - 1.0);
    let of_feature = |(feature, square): (usize, &f64)| {
        let of_class = |class: usize| sums[class * features + feature];
        let total: f64 = (0..classes).map(of_class).sum();
        let centre = total * total / images as f64;
        let present = (0..classes).filter(|&class| sizes[class] > 0);
        let explained: f64 = present
            .map(|class| of_class(class).powi(2) / sizes[class] as f64)
            .sum();
        let variance = square - centre;
        // A feature that is flat but for rounding tells nothing.
        if variance <= 1e-9 * images as f64 {
            return 0.0;
        }
        let share = (explained - centre) / variance;
        ((share - by_chance) / (1.0 - by_chance)).clamp(0.0, 1.0)
    };
    squares.iter().enumerate().map(of_feature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feature 0 is the class, 1 says nothing, 2 is flat, 3 says a part.
    fn objective() -> Objective {
        let truth: Vec<usize> = (0..40).map(|image| image % 2).collect();
        let row = |image: usize| {
            let class = (image % 2) as f32 - 0.5;
            let noise = ((image / 2) % 2) as f32 - 0.5;
            [class, noise, 0.0, class + 2.0 * noise]
        };
        Objective::new((0..40).flat_map(row).collect(), truth, 2)
    }

    #[test]
    fn what_features_tell_is_the_adjusted_share_of_variance_between_classes() {
        let found = told_apart(&objective(), |_| true);
        let adjusted = |share: f64| (share - 1.0 / 39.0) / (1.0 - 1.0 / 39.0);
        for (found, expected) in found.into_iter().zip([1.0, 0.0, 0.0, adjusted(0.2)]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        // One image of each class leaves nothing to compare with.
        assert_eq!(told_apart(&objective(), |image| image < 2), [0.0; 4]);
    }

    #[test]
    fn features_that_tell_more_count_more_and_squares_are_one_on_average() {
        let objective = objective();
        let weights = Expert::Weighed.feature_weights(&objective, &[3, 1], |_| true);
        assert!(weights[0] > weights[1] && weights[1] == weights[2]);
        let square: f64 = weights.iter().map(|w| w * w).sum();
        assert!((square / 4.0 - 1.0).abs() < 1e-12);
        let last = Expert::LastStage.feature_weights(&objective, &[3, 1], |_| true);
        assert_eq!(*last, [0.0, 0.0, 0.0, 1.0]);
    }
}
