//! The training images nearest to an embedding, by cosine, and how near an image must be to be known.
//!
//! An image is unknown when it is farther from the training images than about 95 % of those are from each
//! other (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors"). Of the scores
//! measured, this one refuses most unrelated images by far (`benches/accuracy.md`).

use crate::backbone::EMBEDDING_LEN;
use crate::dataset::dot;

/// The share of known images that the threshold is meant to refuse.
pub const UNKNOWN_SHARE: f64 = 0.05;
/// Nearest images whose mean cosine is an image's score.
const NEAREST: usize = 3;
/// Groups of training images from which a threshold is set: with fewer, one known image in ten or more would
/// be refused.
const MIN_GROUPS: usize = 10;
/// Training images whose own scores set the threshold, at most: its share is then off by 1 % at one standard
/// deviation.
const MAX_JUDGED: usize = 500;

/// Embeddings to compare with.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// `[N, 512]`, each of length 1.
    directions: Vec<f32>,
    threshold: Option<f64>,
}

/// A training image and how alike it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Its place among the training images.
    pub place: usize,
    /// The cosine of both embeddings, in [-1, 1].
    pub similarity: f64,
}

impl Neighbours {
    /// Takes training embeddings `[N, 512]` and the near-duplicate group of each.
    ///
    /// The threshold is set by each training image's similarity to those outside its group. The share of
    /// known images below it is at most 5 %, or 1 in `N + 1` where `N` is under 19; there is none with fewer than
    /// ten groups.
    pub fn new(embeddings: &[f32], groups: &[usize]) -> Self {
        let directions: Vec<f32> = embeddings
            .chunks_exact(EMBEDDING_LEN)
            .flat_map(direction)
            .collect();
        let mut neighbours = Self {
            directions,
            threshold: None,
        };
        // Evenly spread where there are many.
        let step = groups.len().div_ceil(MAX_JUDGED).max(1);
        let mut scores: Vec<f64> = (0..groups.len())
            .step_by(step)
            .filter_map(|place| {
                let own = neighbours.row(place);
                neighbours.score(own, |other| groups[other] != groups[place])
            })
            .collect();
        scores.sort_by(f64::total_cmp);
        let mut distinct = groups.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() >= MIN_GROUPS {
            // The conformal quantile: a new known image is below it with probability at most 5 %.
            let below = ((scores.len() + 1) as f64 * UNKNOWN_SHARE).floor() as usize;
            neighbours.threshold = scores.get(below.saturating_sub(1)).copied();
        }
        neighbours
    }

    /// The similarity under which an image is unknown, if one could be set.
    pub fn threshold(&self) -> Option<f64> {
        self.threshold
    }

    /// Mean cosine of an embedding to the three nearest training images; `None` where there is none.
    pub fn similarity(&self, embedding: &[f32]) -> Option<f64> {
        self.score(&direction(embedding), |_| true)
    }

    /// Whether an image of this similarity is none of the classes.
    pub fn is_unknown(&self, similarity: f64) -> bool {
        self.threshold
            .is_some_and(|threshold| similarity < threshold)
    }

    /// The `count` nearest training images, the nearest first.
    pub fn nearest(&self, embedding: &[f32], count: usize) -> Vec<Neighbour> {
        let own = direction(embedding);
        let mut all: Vec<Neighbour> = self
            .directions
            .chunks_exact(EMBEDDING_LEN)
            .enumerate()
            .map(|(place, other)| Neighbour {
                place,
                similarity: f64::from(dot(&own, other)).clamp(-1.0, 1.0),
            })
            .collect();
        all.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        all.truncate(count);
        all
    }

    fn row(&self, place: usize) -> &[f32] {
        &self.directions[place * EMBEDDING_LEN..][..EMBEDDING_LEN]
    }

    fn score(&self, own: &[f32], counts: impl Fn(usize) -> bool) -> Option<f64> {
        let mut best = [f32::NEG_INFINITY; NEAREST];
        for (place, other) in self.directions.chunks_exact(EMBEDDING_LEN).enumerate() {
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

/// An embedding at length 1; zeros stay zeros.
fn direction(embedding: &[f32]) -> Vec<f32> {
    let norm = dot(embedding, embedding).sqrt().max(f32::MIN_POSITIVE);
    embedding.iter().map(|value| value / norm).collect()
}
