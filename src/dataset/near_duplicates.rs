//! Near-duplicates: images that show the same thing almost pixel for pixel, such as a photo saved twice,
//! cut, or lit a little differently, and frames of one film.
//!
//! Two embeddings belong together when their cosine is high both as they are and after the mean embedding
//! is taken off. The first alone would put all digits, X-ray images or screws on white into one group,
//! because they share most of what the backbone sees; the second alone would do so for one kind of such
//! images among others. `benches/accuracy.md` has the measurements behind both thresholds.

use super::removal::Kept;
use crate::backbone::EMBEDDING_LEN;

/// The least cosine of two near-duplicates' embeddings.
pub const MIN_COSINE: f32 = 0.93;
/// The least cosine once the mean embedding is taken off.
pub const MIN_CENTRED_COSINE: f32 = 0.82;
/// As many images at the origin as the mean is drawn towards: the mean of very few is mostly themselves.
const ORIGIN_IMAGES: f32 = 3.0;

/// Pairs that may be near-duplicates, found as images come.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates {
    norms: Vec<f32>,
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    first: usize,
    second: usize,
    dot: f32,
}

impl Candidates {
    /// Compares a new image with those before it.
    pub fn add<'a>(
        &mut self,
        embedding: &[f32],
        earlier: impl ExactSizeIterator<Item = &'a [f32]>,
    ) {
        let norm = dot(embedding, embedding).sqrt();
        let second = earlier.len();
        for (first, other) in earlier.enumerate() {
            let dot = dot(embedding, other);
            if dot >= MIN_COSINE * norm * self.norms[first] {
                self.pairs.push(Pair { first, second, dot });
            }
        }
        self.norms.push(norm);
    }

    /// Forgets the images that are not kept, and what they were paired with.
    pub fn retain(&mut self, kept: &Kept) {
        kept.retain(&mut self.norms);
        self.pairs = std::mem::take(&mut self.pairs)
            .into_iter()
            .filter_map(|pair| {
                Some(Pair {
                    first: kept.index(pair.first)?,
                    second: kept.index(pair.second)?,
                    ..pair
                })
            })
            .collect();
    }

    /// The group of each image, named by its first image's place.
    pub fn groups<'a>(
        &self,
        embeddings: impl ExactSizeIterator<Item = &'a [f32]> + Clone,
    ) -> Vec<usize> {
        let mut groups = Forest::new(embeddings.len());
        let centre = centre(embeddings.clone());
        let shift = dot(&centre, &centre);
        let along: Vec<f32> = embeddings.map(|x| dot(x, &centre)).collect();
        // (x − c)·(y − c), without touching the embeddings again.
        let centred = |a: usize, b: usize, product: f32| product - along[a] - along[b] + shift;
        for &Pair { first, second, dot } in &self.pairs {
            let square = |image: usize| {
                let norm = self.norms[image];
                centred(image, image, norm * norm).max(0.0)
            };
            let product = centred(first, second, dot);
            if product >= MIN_CENTRED_COSINE * (square(first) * square(second)).sqrt() {
                groups.join(first, second);
            }
        }
        groups.roots()
    }
}

/// The mean embedding, drawn towards the origin.
fn centre<'a>(embeddings: impl ExactSizeIterator<Item = &'a [f32]>) -> Vec<f32> {
    let share = 1.0 / (embeddings.len() as f32 + ORIGIN_IMAGES);
    let mut centre = vec![0.0; EMBEDDING_LEN];
    for embedding in embeddings {
        for (sum, value) in centre.iter_mut().zip(embedding) {
            *sum += value * share;
        }
    }
    centre
}

/// In eight sums, which compilers turn into vector instructions.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

/// Disjoint sets.
struct Forest(Vec<usize>);

impl Forest {
    fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    /// The lower root stays, so that a group is named by its first member.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    fn roots(mut self) -> Vec<usize> {
        (0..self.0.len()).map(|node| self.root(node)).collect()
    }
}
