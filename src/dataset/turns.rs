//! Which of the training images a head is judged on that has not learned from them.

use super::{Dataset, folds, shuffled_places};
use crate::order::sort_by_key;

/// Folds of the cross-validation within the training images, at most.
pub const FOLDS: usize = 5;
/// Images times classes, from which on one fold is left out instead of each in turn: a fifth of so many is enough to
/// choose and to calibrate by, and fitting five heads would take minutes.
const LARGE: usize = 20_000;
/// Then, so many images take part at most.
const MOST: usize = 10_000;

/// The part that each training image has in cross-validation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turns {
    /// Its fold; `None`: it takes no part.
    pub folds: Vec<Option<usize>>,
    /// Its place in the order in which images are used when only some are.
    pub order: Vec<usize>,
    /// How many folds are left out, one after the other: the first ones. 0 where nothing can be left out.
    pub count: usize,
}

impl Turns {
    /// Deals the training images, by their indices, into stratified folds that divide no unit.
    pub fn new(dataset: &Dataset, units: &[usize], train: &[usize], seed: u64) -> Self {
        let order = shuffled_places(dataset, train, seed);
        let folds = folds(dataset, units, train, FOLDS, seed);
        let class = |&index: &usize| dataset.samples()[index].class;
        let classes: Vec<usize> = train.iter().map(class).collect();
        let (folds, count) = to_turns(folds, &order, &classes, dataset.labels().len());
        Self {
            folds,
            order,
            count,
        }
    }
}

/// Which images take part in cross-validation, and how many folds are left out in turn; 0 where there is one fold.
fn to_turns(
    folds: Vec<usize>,
    places: &[usize],
    classes: &[usize],
    class_count: usize,
) -> (Vec<Option<usize>>, usize) {
    let count = folds.iter().max().map_or(0, |last| last + 1);
    let all = folds.len();
    let turns = match count {
        0 | 1 => 0,
        _ if all * class_count > LARGE => 1,
        _ => count,
    };
    if turns != 1 || all <= MOST {
        return (folds.into_iter().map(Some).collect(), turns);
    }
    // The same share of each class in each fold, rounded up, so that a rare one is not left with one fold or none.
    // Places are random: the first ones are a fair sample.
    let kind = |image: usize| classes[image] * count + folds[image];
    let mut room = vec![0_usize; class_count * count];
    (0..all).for_each(|image| room[kind(image)] += 1);
    for images in &mut room {
        *images = (*images * MOST).div_ceil(all);
    }
    let mut order: Vec<usize> = (0..all).collect();
    sort_by_key(&mut order, |&image| places[image]);
    let mut takes_part = vec![None; all];
    for image in order {
        let room = &mut room[kind(image)];
        if *room > 0 {
            *room -= 1;
            takes_part[image] = Some(folds[image]);
        }
    }
    (takes_part, turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `all` images of three classes in two folds; of the last class there are two images, one in each.
    fn turns_of(all: usize) -> (Vec<Option<usize>>, usize, Vec<usize>) {
        let classes = (0..all).map(|image| if image < 2 { 2 } else { image / 2 % 2 });
        let classes: Vec<usize> = classes.collect();
        let folds = (0..all).map(|image| image % 2).collect();
        // The rare ones come last.
        let places: Vec<usize> = (0..all).map(|image| all - 1 - image).collect();
        let (folds, turns) = to_turns(folds, &places, &classes, 3);
        (folds, turns, classes)
    }

    #[test]
    fn each_fold_is_left_out_unless_there_are_many_images() {
        let (folds, turns, _) = turns_of(6000);
        assert_eq!(turns, 2);
        assert!(folds.iter().all(Option::is_some));
        let one_fold = to_turns(vec![0; 9], &[0; 9], &[0; 9], 2);
        assert_eq!(one_fold, (vec![Some(0); 9], 0));
        assert_eq!(to_turns(Vec::new(), &[], &[], 2), (Vec::new(), 0));
        // Five times as many classes make as many logits.
        let folds = (0..6000).map(|image| image % 5).collect();
        let places: Vec<usize> = (0..6000).collect();
        let (folds, turns) = to_turns(folds, &places, &[0; 6000], 15);
        assert_eq!((folds.len(), turns), (6000, 1));
        assert!(folds.iter().all(Option::is_some));
    }

    #[test]
    fn of_very_many_images_a_sample_takes_part_in_which_every_class_is_in_every_fold() {
        let (folds, turns, classes) = turns_of(40_000);
        assert_eq!(turns, 1);
        let taking_part = folds.iter().flatten().count();
        assert!((10_000..=10_006).contains(&taking_part), "{taking_part}");
        for class in 0..3 {
            let in_fold = |fold| {
                let images = folds.iter().zip(&classes);
                images
                    .filter(|&(&of, &is)| of == Some(fold) && is == class)
                    .count()
            };
            let (one, other) = (in_fold(0), in_fold(1));
            assert!(one > 0 && one.abs_diff(other) <= 1, "{one} {other}");
        }
        // Those that come first.
        assert_eq!(folds[39_999], Some(1));
        assert_eq!(folds[2], None);
    }
}
