//! Which images the head may learn from, and which it is judged on.
//!
//! Near-duplicates, and images of one group, stay on one side. An image that was once put on a side never changes to the other, so
//! that reports before and after adding images are of the same test images.

use sha2::{Digest, Sha256};

use super::{Dataset, Side, Split};
use crate::order::{sort_by, sort_by_key};
use crate::{Error, Result};

/// The share of each class that the seeded split holds out for the test.
pub const TEST_SHARE: f64 = 0.2;

/// Indices of the images on each side. Their order follows from their content, so that what is computed from
/// them does not depend on the order in which they were added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Images to learn from.
    pub train: Vec<usize>,
    /// Images to be judged on.
    pub test: Vec<usize>,
    /// Images for testing that have a near-duplicate in training: neither learned from nor judged on.
    pub set_aside: Vec<usize>,
    /// Whether the user gave the test images.
    pub test_given: bool,
}

/// Splits a dataset. When the user gave test images, all others are for training; otherwise a share of
/// each class's `auto` images is held out, at least one where there are two or more.
///
/// # Errors
/// `NO_IMAGES`, `TOO_FEW_CLASSES`, or `TOO_FEW_IMAGES` for a class with no image to train on.
pub(super) fn partition(dataset: &mut Dataset, groups: &[usize], seed: u64) -> Result<Partition> {
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
    if let Some(count) = counts.iter().find(|count| count.auto + count.train == 0) {
        return Err(Error::TooFewImages {
            label: count.label.clone(),
        });
    }
    let test_given = counts.iter().any(|count| count.test > 0);
    let sides: Vec<Side> = if test_given {
        let side = |sample: &super::Sample| match sample.split {
            Split::Test => Side::Test,
            _ => Side::Train,
        };
        dataset.samples().iter().map(side).collect()
    } else {
        draw_sides(dataset, groups, seed)
    };
    let learned_from: Vec<usize> = indices_on(&sides, Side::Train);
    let learned_groups: std::collections::HashSet<usize> =
        learned_from.iter().map(|&index| groups[index]).collect();
    let (set_aside, test) = indices_on(&sides, Side::Test)
        .into_iter()
        .partition(|&index| learned_groups.contains(&groups[index]));
    let hash = |index: usize| &dataset.samples()[index].hash;
    let by_content = |mut indices: Vec<usize>| {
        sort_by(&mut indices, |&a, &b| hash(a).cmp(hash(b)));
        indices
    };
    Ok(Partition {
        train: by_content(learned_from),
        test: by_content(test),
        set_aside: by_content(set_aside),
        test_given,
    })
}

fn indices_on(sides: &[Side], side: Side) -> Vec<usize> {
    (0..sides.len())
        .filter(|&index| sides[index] == side)
        .collect()
}

/// Puts the images without a side on one, and remembers it for this seed.
fn draw_sides(dataset: &mut Dataset, groups: &[usize], seed: u64) -> Vec<Side> {
    dataset.forget_sides_of_other_seeds(seed);
    let known: Vec<Option<Side>> = dataset
        .samples()
        .iter()
        .map(|sample| match sample.split {
            Split::Train => Some(Side::Train),
            Split::Test => Some(Side::Test),
            Split::Auto => sample.side,
        })
        .collect();
    let mut sides = known.clone();
    let mut open = Vec::new();
    let mut set_aside = Vec::new();
    let all: Vec<usize> = (0..known.len()).collect();
    for unit in units(dataset, groups, &all, seed) {
        let has = |side| unit.indices.iter().any(|&index| known[index] == Some(side));
        // A group that has a side keeps it; one that has come to stand on both goes on with training.
        let side = match (has(Side::Train), has(Side::Test)) {
            (true, _) => Side::Train,
            (false, true) => Side::Test,
            (false, false) => {
                open.push(unit);
                continue;
            }
        };
        for &index in &unit.indices {
            match sides[index] {
                None => sides[index] = Some(side),
                Some(Side::Test) if side == Side::Train => set_aside.push(index),
                Some(_) => {}
            }
        }
    }
    // Images set aside are neither learned from nor judged on, so others take their share.
    let auto: Vec<usize> = all
        .into_iter()
        .filter(|index| {
            dataset.samples()[*index].split == Split::Auto && !set_aside.contains(index)
        })
        .collect();
    let mut room = targets(dataset, &auto, TEST_SHARE);
    for &index in &auto {
        if sides[index] == Some(Side::Test) {
            room[dataset.samples()[index].class].taken += 1;
        }
    }
    for index in choose_test(dataset, &open, &mut room) {
        sides[index] = Some(Side::Test);
    }
    let sides: Vec<Side> = sides
        .into_iter()
        .map(|side| side.unwrap_or(Side::Train))
        .collect();
    dataset.remember_sides(&sides);
    sides
}

/// Holds out a share of each class among `indices`: at least one where a class has two or more, never all, and
/// never one of a group alone. Gives (kept, held out), each in the order of `indices`.
pub fn hold_out(
    dataset: &Dataset,
    groups: &[usize],
    indices: &[usize],
    share: f64,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let mut room = targets(dataset, indices, share);
    let held_out = choose_test(dataset, &units(dataset, groups, indices, seed), &mut room);
    indices.iter().partition(|index| !held_out.contains(index))
}

/// Deals `indices` into at most `count` stratified folds, groups undivided. Gives each index's fold; no more folds
/// are made than the smallest class has groups, and one fold means that none could be made.
pub fn folds(
    dataset: &Dataset,
    groups: &[usize],
    indices: &[usize],
    count: usize,
    seed: u64,
) -> Vec<usize> {
    let units = units(dataset, groups, indices, seed);
    let classes = dataset.labels().len();
    let mut groups_of_class = vec![0; classes];
    for unit in &units {
        for class in unit.classes(dataset) {
            groups_of_class[class] += 1;
        }
    }
    let smallest = groups_of_class.iter().filter(|&&size| size > 0).min();
    let count = count.min(smallest.copied().unwrap_or(0)).max(1);
    // Groups of several labels first, which others have to make up for, and large ones, while there is room to
    // even them out; equals keep their order.
    let mut units: Vec<_> = units
        .into_iter()
        .map(|unit| ((unit.classes(dataset).len() > 1, unit.indices.len()), unit))
        .collect();
    sort_by_key(&mut units, |&(size, _)| std::cmp::Reverse(size));
    let mut sizes = vec![vec![0; classes]; count];
    let mut fold_of = std::collections::HashMap::new();
    for (_, unit) in &units {
        let of_its_classes = |fold: usize| -> usize {
            let classes = unit.classes(dataset);
            classes.into_iter().map(|class| sizes[fold][class]).sum()
        };
        let total = |fold: usize| -> usize { sizes[fold].iter().sum() };
        let fold = (0..count)
            .min_by_key(|&fold| (of_its_classes(fold), total(fold)))
            .unwrap_or(0);
        for &index in &unit.indices {
            sizes[fold][dataset.samples()[index].class] += 1;
            fold_of.insert(index, fold);
        }
    }
    // Groups of several labels may leave all of a class in one fold, and nothing to learn it from in the others.
    let stands_alone = |class: usize| sizes.iter().filter(|fold| fold[class] > 0).count() == 1;
    if (0..classes).any(stands_alone) {
        return vec![0; indices.len()];
    }
    indices.iter().map(|index| fold_of[index]).collect()
}

/// The order of `indices` in which each class's images are to be used when only some are: random, fixed by
/// content and seed. Gives each index's place.
pub fn shuffled_places(dataset: &Dataset, indices: &[usize], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..indices.len()).collect();
    let rank = |&index: &usize| rank(&dataset.samples()[index].hash, seed);
    let ranks: Vec<[u8; 32]> = indices.iter().map(rank).collect();
    sort_by_key(&mut order, |&place| ranks[place]);
    let mut places = vec![0; indices.len()];
    for (place, image) in order.into_iter().enumerate() {
        places[image] = place;
    }
    places
}

/// Images that must stay together.
struct Unit {
    indices: Vec<usize>,
}

impl Unit {
    /// The classes of its images, each once.
    fn classes(&self, dataset: &Dataset) -> Vec<usize> {
        let mut classes: Vec<usize> = self
            .indices
            .iter()
            .map(|&index| dataset.samples()[index].class)
            .collect();
        sort_by_key(&mut classes, |&class| class);
        classes.dedup();
        classes
    }
}

/// `indices` by group, in a random order that is fixed by content and seed.
fn units(dataset: &Dataset, groups: &[usize], indices: &[usize], seed: u64) -> Vec<Unit> {
    let mut ranked: Vec<(usize, [u8; 32])> = indices
        .iter()
        .map(|&index| (index, rank(&dataset.samples()[index].hash, seed)))
        .collect();
    sort_by_key(&mut ranked, |&(_, rank)| rank);
    let mut place = std::collections::HashMap::new();
    let mut units: Vec<Unit> = Vec::new();
    for (index, _) in ranked {
        let unit = *place.entry(groups[index]).or_insert(units.len());
        if unit == units.len() {
            units.push(Unit {
                indices: Vec::new(),
            });
        }
        units[unit].indices.push(index);
    }
    units
}

/// How many of a class's images are to be held out, and how many are.
#[derive(Debug, Clone, Copy)]
struct Room {
    images: usize,
    wanted: usize,
    taken: usize,
}

/// A share of each class among `indices`, at least one where there are two or more.
fn targets(dataset: &Dataset, indices: &[usize], share: f64) -> Vec<Room> {
    let mut images = vec![0_usize; dataset.labels().len()];
    for &index in indices {
        images[dataset.samples()[index].class] += 1;
    }
    let wanted = |images: usize| match images {
        0 | 1 => 0,
        n => ((n as f64 * share).round() as usize).clamp(1, n - 1),
    };
    images
        .into_iter()
        .map(|images| Room {
            images,
            wanted: wanted(images),
            taken: 0,
        })
        .collect()
}

/// Takes units while their classes have room; for a class that got none, the smallest unit that leaves each
/// of its classes an image to learn from.
fn choose_test(dataset: &Dataset, units: &[Unit], room: &mut [Room]) -> Vec<usize> {
    let class = |index: usize| dataset.samples()[index].class;
    let mut test = Vec::new();
    let mut others = Vec::new();
    for unit in units {
        let mut after: Vec<Room> = room.to_vec();
        unit.indices
            .iter()
            .for_each(|&index| after[class(index)].taken += 1);
        let fits = unit
            .indices
            .iter()
            .all(|&index| after[class(index)].taken <= after[class(index)].wanted);
        if fits {
            room.copy_from_slice(&after);
            test.extend(&unit.indices);
        } else {
            others.push(unit);
        }
    }
    sort_by_key(&mut others, |unit| unit.indices.len());
    // By label: the classes' own order is that of adding.
    let mut classes: Vec<usize> = (0..room.len()).collect();
    let label = |class: usize| &dataset.labels()[class];
    sort_by(&mut classes, |&a, &b| label(a).cmp(label(b)));
    for empty in classes {
        if room[empty].taken > 0 || room[empty].wanted == 0 {
            continue;
        }
        let leaves_some = |unit: &Unit| {
            unit.classes(dataset).into_iter().all(|c| {
                let size = unit
                    .indices
                    .iter()
                    .filter(|&&index| class(index) == c)
                    .count();
                room[c].taken + size < room[c].images
            })
        };
        let has_class = |unit: &Unit| unit.indices.iter().any(|&index| class(index) == empty);
        if let Some(place) = others
            .iter()
            .position(|unit| has_class(unit) && leaves_some(unit))
        {
            let unit = others.remove(place);
            unit.indices
                .iter()
                .for_each(|&index| room[class(index)].taken += 1);
            test.extend(&unit.indices);
        }
    }
    test
}

/// A pseudo-random place for an image, fixed by its content and the seed.
fn rank(hash: &str, seed: u64) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update(hash);
    hasher.finalize().into()
}
