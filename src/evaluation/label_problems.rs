//! Images that are probably labelled wrongly (Northcutt, Jiang & Chuang 2021, "Confident Learning: Estimating
//! Uncertainty in Dataset Labels", section 3).

use super::report::Judged;
use crate::head::argmax;
use crate::order::sort_by;

/// A label that a head contradicts, which had not learned from its image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contradiction {
    /// The image's place among those judged.
    pub place: usize,
    /// The class that it seems to be of.
    pub suggested: usize,
    /// The class's probability.
    pub probability: f64,
    /// The probability of the class that it is labelled as.
    pub probability_of_label: f64,
}

/// Finds the labels in doubt, the most doubtful first.
///
/// A class's threshold is the mean probability that its own images are given for it. An image counts as
/// another class's when its probability for that one reaches the threshold and is the greatest that does
/// (equation 1); images are ranked by how much more probable that class is than the given one.
///
/// `judged` must hold predictions of heads that had not learned from the image.
pub fn label_problems(judged: &[Judged], classes: usize) -> Vec<Contradiction> {
    let mut sums = vec![(0.0, 0_usize); classes];
    for image in judged {
        let (sum, count) = &mut sums[image.class];
        *sum += image.probabilities[image.class];
        *count += 1;
    }
    // A class without images has nothing to be confident about.
    let threshold = |class: usize| match sums[class] {
        (_, 0) => f64::INFINITY,
        (sum, count) => sum / count as f64,
    };
    let mut found: Vec<Contradiction> = judged
        .iter()
        .enumerate()
        .filter_map(|(place, image)| {
            let confident: Vec<f64> = image
                .probabilities
                .iter()
                .enumerate()
                .map(|(class, &p)| {
                    if p >= threshold(class) {
                        p
                    } else {
                        f64::NEG_INFINITY
                    }
                })
                .collect();
            let suggested = argmax(&confident);
            let contradicts = confident[suggested].is_finite()
                && suggested != image.class
                // What is not even the likeliest class is no suggestion.
                && suggested == argmax(&image.probabilities);
            contradicts.then(|| Contradiction {
                place,
                suggested,
                probability: image.probabilities[suggested],
                probability_of_label: image.probabilities[image.class],
            })
        })
        .collect();
    let margin = |c: &Contradiction| c.probability - c.probability_of_label;
    sort_by(&mut found, |a, b| {
        let hash = |c: &Contradiction| &judged[c.place].hash;
        margin(b)
            .total_cmp(&margin(a))
            .then_with(|| hash(a).cmp(hash(b)))
    });
    found
}
