//! The training images nearest to an embedding, and how near an image must be to be known.
//!
//! Two images are as alike as the mean of their stages' cosines: early stages see textures and the last one things,
//! and each counts alike. An image is unknown when it is farther from the training images than about 95 % of those
//! are from each other (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors"). Of the scores
//! measured on nine sets of pictures, this one tells best both pictures of other kinds and those of a class that was
//! left out (`benches/accuracy.md`).

use std::collections::HashSet;

use crate::backbone::Layout;
use crate::order::sort_by;

/// The share of known images that the threshold is meant to refuse.
pub const UNKNOWN_SHARE: f64 = 0.05;
/// Nearest images whose mean similarity is an image's score.
const NEAREST: usize = 3;
/// Units of training images from which a threshold is set: with fewer, one known image in ten or more would be
/// refused.
const MIN_UNITS: usize = 10;
/// Training images that others are compared with, at most: so many are enough to be near to, and more would take long.
const MAX_REFERENCES: usize = 2_000;
/// Training images whose own scores set the threshold, at most: its share is then off by 1 % at one standard
/// deviation.
const MAX_JUDGED: usize = 500;

/// What of embeddings is compared: parts of these lengths, at their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts(Vec<usize>);

impl Parts {
    /// The features of each stage.
    pub fn of(layout: &Layout) -> Self {
        Self(layout.parts())
    }

    /// An embedding whose parts have the same length and together 1; a part of zeros stays zeros, and leaves the
    /// length to the others.
    fn direction(&self, embedding: &[f32]) -> Vec<f32> {
        let len = self.0.iter().sum::<usize>();
        let mut rest = &embedding[embedding.len() - len..];
        let mut direction = Vec::with_capacity(len);
        let mut told = 0;
        for &len in &self.0 {
            let (part, others) = rest.split_at(len);
            rest = others;
            let norm = dot(part, part).sqrt();
            told += usize::from(norm > 0.0);
            let norm = norm.max(f32::MIN_POSITIVE);
            direction.extend(part.iter().map(|value| value / norm));
        }
        let share = 1.0 / (told.max(1) as f32).sqrt();
        direction.iter_mut().for_each(|value| *value *= share);
        direction
    }

    /// How alike two embeddings are: the mean of their parts' cosines.
    pub fn similarity(&self, a: &[f32], b: &[f32]) -> f64 {
        f64::from(dot(&self.direction(a), &self.direction(b)))
    }

    /// The `count` nearest of other embeddings, the nearest first.
    pub fn nearest<'a>(
        &self,
        embedding: &[f32],
        others: impl Iterator<Item = &'a [f32]>,
        count: usize,
    ) -> Vec<Neighbour> {
        let own = self.direction(embedding);
        let mut all: Vec<Neighbour> = others
            .enumerate()
            .map(|(place, other)| Neighbour {
                place,
                similarity: f64::from(dot(&own, &self.direction(other))).clamp(-1.0, 1.0),
            })
            .collect();
        sort_by(&mut all, |a, b| b.similarity.total_cmp(&a.similarity));
        all.truncate(count);
        all
    }
}

/// Training images to compare with.
#[derive(Debug, Clone)]
pub struct Neighbours {
    parts: Parts,
    /// `[references, features]`, each of length 1.
    directions: Vec<f32>,
    threshold: Option<f64>,
}

/// A training image and how alike it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its place among the training images.
    pub place: usize,
    /// How alike it is, in [-1, 1].
    pub similarity: f64,
}

impl Neighbours {
    /// Takes training embeddings, the unit of each (near-duplicates and other images that belong together), and what of
    /// them is compared.
    ///
    /// The threshold is set by each training image's similarity to those outside its unit. The share of known images
    /// below it is at most 5 %, or 1 in `N + 1` where `N` is under 19; there is none with fewer than ten units.
    pub fn new<'a>(
        embeddings: impl ExactSizeIterator<Item = &'a [f32]>,
        units: &[usize],
        parts: Parts,
    ) -> Self {
        // Evenly spread where there are many.
        let step = units.len().div_ceil(MAX_REFERENCES).max(1);
        let units: Vec<usize> = units.iter().step_by(step).copied().collect();
        let references = embeddings.step_by(step);
        let mut neighbours = Self {
            directions: references.flat_map(|row| parts.direction(row)).collect(),
            parts,
            threshold: None,
        };
        let step = units.len().div_ceil(MAX_JUDGED).max(1);
        let mut scores: Vec<f64> = (0..units.len())
            .step_by(step)
            .filter_map(|place| {
                let own = neighbours.row(place);
                neighbours.score(own, |other| units[other] != units[place])
            })
            .collect();
        sort_by(&mut scores, f64::total_cmp);
        let distinct: HashSet<usize> = units.iter().copied().collect();
        if distinct.len() >= MIN_UNITS {
            // The conformal quantile: a new known image is below it with probability at most 5 %.
            let below = ((scores.len() + 1) as f64 * UNKNOWN_SHARE).floor() as usize;
            neighbours.threshold = scores.get(below.saturating_sub(1)).copied();
        }
        neighbours
    }

    /// What of embeddings is compared.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The similarity under which an image is unknown, if one could be set.
    pub fn threshold(&self) -> Option<f64> {
        self.threshold
    }

    /// Mean similarity of an embedding to the three nearest training images; `None` where there is none.
    pub fn similarity(&self, embedding: &[f32]) -> Option<f64> {
        self.score(&self.parts.direction(embedding), |_| true)
    }

    /// Whether an image of this similarity is none of the classes.
    pub fn is_unknown(&self, similarity: f64) -> bool {
        self.threshold
            .is_some_and(|threshold| similarity < threshold)
    }

    fn row(&self, place: usize) -> &[f32] {
        let features = self.parts.0.iter().sum::<usize>();
        &self.directions[place * features..][..features]
    }

    fn score(&self, own: &[f32], counts: impl Fn(usize) -> bool) -> Option<f64> {
        let mut best = [f32::NEG_INFINITY; NEAREST];
        for (place, other) in self.directions.chunks_exact(own.len()).enumerate() {
            if !counts(place) {
                continue;
            }
            let cosine = dot(own, other);
            if let Some(rank) = best.iter().position(|&kept| cosine > kept) {
                best[rank..].rotate_right(1);
                best[rank] = cosine;
            }
        }
        let found = best.iter().filter(|cosine| cosine.is_finite());
        let count = found.clone().count();
        (count > 0).then(|| found.map(|&cosine| f64::from(cosine)).sum::<f64>() / count as f64)
    }
}

/// In eight sums, which compilers turn into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let ([a, b], [rest_a, rest_b]) = {
        let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
        ([a, b], [rest_a, rest_b])
    };
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
