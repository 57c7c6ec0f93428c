//! What a file says that a head rests on, checked against the images that come with it.

use std::collections::{BTreeMap, HashSet};

use super::Measured;
use crate::dataset::{Dataset, FOLDS};
use crate::evaluation::Provenance;

/// Says whether a head with these labels can rest on these images.
///
/// # Errors
/// What is wrong, naming the list.
pub(super) fn check(
    provenance: &Provenance,
    dataset: &Dataset,
    labels: &[String],
) -> Result<(), String> {
    if provenance.train.is_empty() {
        return match *provenance == Provenance::default() {
            true => Ok(()),
            false => Err("provenance has no image that the head learned from".into()),
        };
    }
    if !dataset.labels().starts_with(labels) {
        return Err("the head's classes are not the first of the project's".into());
    }
    check_groups(&provenance.groups, dataset.samples().len())?;
    check_indices(provenance, dataset, labels.len())?;
    let count = provenance.train.len();
    if provenance.folds.len() != count || provenance.places.len() != count {
        return Err(format!(
            "folds and places have {} and {} entries for {count} images",
            provenance.folds.len(),
            provenance.places.len()
        ));
    }
    check_permutation(&provenance.places)?;
    let classes = provenance.train.iter().map(|&i| dataset.samples()[i].class);
    check_folds(provenance, &classes.collect::<Vec<usize>>())
}

fn check_groups(groups: &[usize], samples: usize) -> Result<(), String> {
    if groups.len() > samples {
        return Err(format!(
            "there are {} groups of {samples} images",
            groups.len()
        ));
    }
    // The first member names itself.
    let is_first = |index: usize, group: usize| group <= index && groups[group] == group;
    match groups
        .iter()
        .enumerate()
        .find(|&(index, &group)| !is_first(index, group))
    {
        Some((index, group)) => Err(format!("the group {group} of image {index} is not one")),
        None => Ok(()),
    }
}

/// Each image was there when the head was trained, is of one of its classes, and stands in one list only.
fn check_indices(provenance: &Provenance, dataset: &Dataset, classes: usize) -> Result<(), String> {
    let mut seen = HashSet::new();
    let lists = [
        ("train", &provenance.train),
        ("validation", &provenance.validation),
        ("test", &provenance.test),
        ("setAside", &provenance.set_aside),
    ];
    for (name, list) in lists {
        for &index in list {
            if index >= provenance.groups.len() {
                return Err(format!("{name} names image {index}, which has no group"));
            }
            if dataset.samples()[index].class >= classes {
                return Err(format!(
                    "{name} names image {index}, of a class that the head has not"
                ));
            }
            if !seen.insert(index) {
                return Err(format!("{name} names image {index}, which is named before"));
            }
        }
    }
    Ok(())
}

fn check_permutation(places: &[usize]) -> Result<(), String> {
    let distinct: HashSet<usize> = places.iter().copied().collect();
    match places.iter().find(|&&place| place >= places.len()) {
        Some(place) => Err(format!("places has {place}, out of {}", places.len())),
        None if distinct.len() < places.len() => Err("places has one twice".into()),
        None => Ok(()),
    }
}

/// Says whether what was measured is of as many images as there are.
///
/// # Errors
/// What is wrong.
pub(super) fn check_measured(measured: &Measured, provenance: &Provenance) -> Result<(), String> {
    match &measured.refusals {
        Some(refusals) if refusals.refused.len() != provenance.test.len() => Err(format!(
            "refusals has {} entries for {} test images",
            refusals.refused.len(),
            provenance.test.len()
        )),
        _ => Ok(()),
    }
}

/// Either all images are in one fold, or a head that leaves out a fold has all classes to learn.
fn check_folds(provenance: &Provenance, classes: &[usize]) -> Result<(), String> {
    let folds: Vec<usize> = provenance.folds.iter().flatten().copied().collect();
    let takes_part = provenance.folds.iter().map(Option::is_some);
    let classes: Vec<usize> = classes
        .iter()
        .zip(takes_part)
        .filter_map(|(&class, takes_part)| takes_part.then_some(class))
        .collect();
    let present: HashSet<usize> = folds.iter().copied().collect();
    if provenance.turns > present.len() {
        return Err(format!(
            "turns is {}, and there are {} folds",
            provenance.turns,
            present.len()
        ));
    }
    if let Some(fold) = folds.iter().find(|&&fold| fold >= FOLDS.min(present.len())) {
        return Err(format!(
            "folds has {fold}, with {} of them and at most {FOLDS}",
            present.len()
        ));
    }
    let mut folds_of_class: BTreeMap<usize, HashSet<usize>> = BTreeMap::new();
    for (&class, &fold) in classes.iter().zip(&folds) {
        folds_of_class.entry(class).or_default().insert(fold);
    }
    let stands_alone = folds_of_class.iter().find(|(_, folds)| folds.len() == 1);
    match stands_alone {
        Some((class, _)) if present.len() > 1 => {
            Err(format!("folds has all images of class {class} in one"))
        }
        _ => Ok(()),
    }
}
