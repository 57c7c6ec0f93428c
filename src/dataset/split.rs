//! Which images the head may learn from, and which it is judged on.
//!
//! Near-duplicates stay on one side. An image that was once put on a side never changes to the other, so
//! that reports before and after adding images are of the same test images.

use sha2::{Digest, Sha256};

use super::{Dataset, Side, Split};
use crate::{Error, Result};

/// The share of each class that the seeded split holds out for the test.
pub const TEST_SHARE: f64 = 0.2;

/// Ids of the images on each side. Their order follows from their content, so that what is computed from
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
    let learned_from: Vec<usize> = ids_on(&sides, Side::Train);
    let learned_groups: std::collections::HashSet<usize> =
        learned_from.iter().map(|&id| groups[id]).collect();
    let (set_aside, test) = ids_on(&sides, Side::Test)
        .into_iter()
        .partition(|&id| learned_groups.contains(&groups[id]));
    let by_content = |mut ids: Vec<usize>| {
        ids.sort_by_key(|&id| &dataset.samples()[id].hash);
        ids
    };
    Ok(Partition {
        train: by_content(learned_from),
        test: by_content(test),
        set_aside: by_content(set_aside),
        test_given,
    })
}

fn ids_on(sides: &[Side], side: Side) -> Vec<usize> {
    (0..sides.len()).filter(|&id| sides[id] == side).collect()
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
        let has = |side| unit.ids.iter().any(|&id| known[id] == Some(side));
        // A group that has a side keeps it; one that has come to stand on both goes on with training.
        let side = match (has(Side::Train), has(Side::Test)) {
            (true, _) => Side::Train,
            (false, true) => Side::Test,
            (false, false) => {
                open.push(unit);
                continue;
            }
        };
        for &id in &unit.ids {
            match sides[id] {
                None => sides[id] = Some(side),
                Some(Side::Test) if side == Side::Train => set_aside.push(id),
                Some(_) => {}
            }
        }
    }
    // Images set aside are neither learned from nor judged on, so others take their share.
    let auto: Vec<usize> = all
        .into_iter()
        .filter(|id| dataset.samples()[*id].split == Split::Auto && !set_aside.contains(id))
        .collect();
    let mut room = targets(dataset, &auto, TEST_SHARE);
    for &id in &auto {
        if sides[id] == Some(Side::Test) {
            room[dataset.samples()[id].class].taken += 1;
        }
    }
    for id in choose_test(dataset, &open, &mut room) {
        sides[id] = Some(Side::Test);
    }
    let sides: Vec<Side> = sides
        .into_iter()
        .map(|side| side.unwrap_or(Side::Train))
        .collect();
    dataset.remember_sides(&sides);
    sides
}

/// Holds out a share of each class among `ids`: at least one where a class has two or more, never all, and
/// never one of a group alone. Gives (kept, held out), each in the order of `ids`.
pub fn hold_out(
    dataset: &Dataset,
    groups: &[usize],
    ids: &[usize],
    share: f64,
    seed: u64,
) -> (Vec<usize>, Vec<usize>) {
    let mut room = targets(dataset, ids, share);
    let held_out = choose_test(dataset, &units(dataset, groups, ids, seed), &mut room);
    ids.iter().partition(|id| !held_out.contains(id))
}

/// Deals `ids` into at most `count` stratified folds, groups undivided. Gives each id's fold; no more folds
/// are made than the smallest class has groups, and one fold means that none could be made.
pub fn folds(
    dataset: &Dataset,
    groups: &[usize],
    ids: &[usize],
    count: usize,
    seed: u64,
) -> Vec<usize> {
    let mut units = units(dataset, groups, ids, seed);
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
    // even them out; the sort is stable.
    units.sort_by_cached_key(|unit| {
        let is_mixed = unit.classes(dataset).len() > 1;
        std::cmp::Reverse((is_mixed, unit.ids.len()))
    });
    let mut sizes = vec![vec![0; classes]; count];
    let mut fold_of = std::collections::HashMap::new();
    for unit in &units {
        let of_its_classes = |fold: usize| -> usize {
            let classes = unit.classes(dataset);
            classes.into_iter().map(|class| sizes[fold][class]).sum()
        };
        let total = |fold: usize| -> usize { sizes[fold].iter().sum() };
        let fold = (0..count)
            .min_by_key(|&fold| (of_its_classes(fold), total(fold)))
            .unwrap_or(0);
        for &id in &unit.ids {
            sizes[fold][dataset.samples()[id].class] += 1;
            fold_of.insert(id, fold);
        }
    }
    // Groups of several labels may leave all of a class in one fold, and nothing to learn it from in the others.
    let stands_alone = |class: usize| sizes.iter().filter(|fold| fold[class] > 0).count() == 1;
    if (0..classes).any(stands_alone) {
        return vec![0; ids.len()];
    }
    ids.iter().map(|id| fold_of[id]).collect()
}

/// The order of `ids` in which each class's images are to be used when only some are: random, fixed by
/// content and seed. Gives each id's place.
pub fn shuffled_places(dataset: &Dataset, ids: &[usize], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..ids.len()).collect();
    order.sort_by_cached_key(|&place| rank(&dataset.samples()[ids[place]].hash, seed));
    let mut places = vec![0; ids.len()];
    for (place, image) in order.into_iter().enumerate() {
        places[image] = place;
    }
    places
}

/// Images that must stay together.
struct Unit {
    ids: Vec<usize>,
}

impl Unit {
    /// The classes of its images, each once.
    fn classes(&self, dataset: &Dataset) -> Vec<usize> {
        let mut classes: Vec<usize> = self
            .ids
            .iter()
            .map(|&id| dataset.samples()[id].class)
            .collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }
}

/// `ids` by group, in a random order that is fixed by content and seed.
fn units(dataset: &Dataset, groups: &[usize], ids: &[usize], seed: u64) -> Vec<Unit> {
    let mut ranked: Vec<(usize, [u8; 32])> = ids
        .iter()
        .map(|&id| (id, rank(&dataset.samples()[id].hash, seed)))
        .collect();
    ranked.sort_by_key(|&(_, rank)| rank);
    let mut place = std::collections::HashMap::new();
    let mut units: Vec<Unit> = Vec::new();
    for (id, _) in ranked {
        let unit = *place.entry(groups[id]).or_insert(units.len());
        if unit == units.len() {
            units.push(Unit { ids: Vec::new() });
        }
        units[unit].ids.push(id);
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

/// A share of each class among `ids`, at least one where there are two or more.
fn targets(dataset: &Dataset, ids: &[usize], share: f64) -> Vec<Room> {
    let mut images = vec![0_usize; dataset.labels().len()];
    for &id in ids {
        images[dataset.samples()[id].class] += 1;
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
    let class = |id: usize| dataset.samples()[id].class;
    let mut test = Vec::new();
    let mut others = Vec::new();
    for unit in units {
        let mut after: Vec<Room> = room.to_vec();
        unit.ids.iter().for_each(|&id| after[class(id)].taken += 1);
        let fits = unit
            .ids
            .iter()
            .all(|&id| after[class(id)].taken <= after[class(id)].wanted);
        if fits {
            room.copy_from_slice(&after);
            test.extend(&unit.ids);
        } else {
            others.push(unit);
        }
    }
    others.sort_by_key(|unit| unit.ids.len());
    // By label: the classes' own order is that of adding.
    let mut classes: Vec<usize> = (0..room.len()).collect();
    classes.sort_by_key(|&class| &dataset.labels()[class]);
    for empty in classes {
        if room[empty].taken > 0 || room[empty].wanted == 0 {
            continue;
        }
        let leaves_some = |unit: &Unit| {
            unit.classes(dataset).into_iter().all(|c| {
                let size = unit.ids.iter().filter(|&&id| class(id) == c).count();
                room[c].taken + size < room[c].images
            })
        };
        let has_class = |unit: &Unit| unit.ids.iter().any(|&id| class(id) == empty);
        if let Some(place) = others
            .iter()
            .position(|unit| has_class(unit) && leaves_some(unit))
        {
            let unit = others.remove(place);
            unit.ids.iter().for_each(|&id| room[class(id)].taken += 1);
            test.extend(&unit.ids);
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
