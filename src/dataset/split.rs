//! Which images the head may learn from, and which it is judged on.

use sha2::{Digest, Sha256};

use super::{Dataset, Split};
use crate::{Error, Result};

/// The share of each class that the seeded split holds out for the test.
pub const TEST_SHARE: f64 = 0.2;
/// How many images to train on a class needs.
const MIN_PER_CLASS: usize = 2;

/// Ids of the images on each side, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Images to learn from.
    pub train: Vec<usize>,
    /// Images to be judged on.
    pub test: Vec<usize>,
    /// Whether the user gave the test images.
    pub test_given: bool,
}

/// Splits a dataset. When the user gave test images, all others are for training; otherwise a share of
/// each class's `auto` images is held out, at least one.
///
/// # Errors
/// `NO_IMAGES`, `TOO_FEW_CLASSES`, or `TOO_FEW_IMAGES` for a class with fewer than two images to train
/// on.
pub fn partition(dataset: &Dataset, seed: u64) -> Result<Partition> {
    let counts = dataset.classes();
    let [first, rest @ ..] = counts.as_slice() else {
        return Err(Error::NoImages);
    };
    if counts.iter().all(|count| count.auto + count.train == 0) {
        return Err(Error::NoImages);
    }
    if rest.is_empty() {
        return Err(Error::TooFewClasses {
            label: first.label.clone(),
        });
    }
    if let Some(count) = counts
        .iter()
        .find(|count| count.auto + count.train < MIN_PER_CLASS)
    {
        return Err(Error::TooFewImages {
            label: count.label.clone(),
            count: match count.auto + count.train {
                0 => "no image".into(),
                _ => "only one image".into(),
            },
            min: MIN_PER_CLASS,
        });
    }
    let test_given = counts.iter().any(|count| count.test > 0);
    let (train, test) = if test_given {
        (0..dataset.samples().len()).partition(|&id| dataset.samples()[id].split != Split::Test)
    } else {
        let (auto, fixed): (Vec<usize>, Vec<usize>) = (0..dataset.samples().len())
            .partition(|&id| dataset.samples()[id].split == Split::Auto);
        let (mut train, test) = hold_out(dataset, &auto, TEST_SHARE, seed);
        train.extend(fixed);
        train.sort_unstable();
        (train, test)
    };
    Ok(Partition {
        train,
        test,
        test_given,
    })
}

/// Holds out a share of each class among `ids`: at least one where a class has two or more, never all.
/// Gives (kept, held out), both ascending.
///
/// The choice depends on the seed and each image's content, not on the order of adding.
pub fn hold_out(
    dataset: &Dataset,
    ids: &[usize],
    share: f64,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let mut kept = Vec::new();
    let mut held_out = Vec::new();
    for class in 0..dataset.labels().len() {
        let mut members: Vec<usize> = ids
            .iter()
            .copied()
            .filter(|&id| dataset.samples()[id].class == class)
            .collect();
        members.sort_by_cached_key(|&id| rank(&dataset.samples()[id].hash, seed));
        let count = match members.len() {
            0 | 1 => 0,
            n => ((n as f64 * share).round() as usize).clamp(1, n - 1),
        };
        held_out.extend_from_slice(&members[..count]);
        kept.extend_from_slice(&members[count..]);
    }
    kept.sort_unstable();
    held_out.sort_unstable();
    (kept, held_out)
}

/// Deals `ids` into at most `count` stratified folds: each class's images go round. Gives each id's fold;
/// no more folds are made than the smallest class has images.
pub fn folds(dataset: &Dataset, ids: &[usize], count: usize, seed: u64) -> Vec<usize> {
    let mut by_class: Vec<Vec<usize>> = vec![Vec::new(); dataset.labels().len()];
    for (place, &id) in ids.iter().enumerate() {
        by_class[dataset.samples()[id].class].push(place);
    }
    let sizes = by_class.iter().map(Vec::len).filter(|&size| size > 0);
    let count = count.min(sizes.min().unwrap_or(0)).max(1);
    let mut folds = vec![0; ids.len()];
    for members in &mut by_class {
        members.sort_by_cached_key(|&place| rank(&dataset.samples()[ids[place]].hash, seed));
        for (turn, &place) in members.iter().enumerate() {
            folds[place] = turn % count;
        }
    }
    folds
}

/// A pseudo-random place for an image, fixed by its content and the seed.
fn rank(hash: &str, seed: u64) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update(hash);
    hasher.finalize().into()
}
