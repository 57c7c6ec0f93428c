//! Labels that were changed: how many are found among those in doubt, and how many others are named.

use headstart::backbone::FeatureSet;
use headstart::dataset::Turns;
use headstart::evaluation::{Judged, label_problems};
use headstart::head::{LabelledEmbeddings, TrainOptions, TrainingData};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::parallel;
use crate::recipes::fit;
use crate::sets::Set;
use crate::table::{Table, percent};

/// The share of the training labels that are changed to another class.
const CHANGED: f64 = 0.05;

pub fn print(sets: &[Set]) {
    let rows = parallel::map(&(0..sets.len()).collect::<Vec<_>>(), |&place| {
        found(&sets[place])
    });
    let mut table = Table::new(&[
        "set",
        "changed",
        "found",
        "others named",
        "of the first as many as were changed, changed",
    ]);
    for (set, (changed, found, others, first)) in sets.iter().zip(rows) {
        let share = |count: usize| percent(count as f64 / changed as f64);
        table.row(vec![
            set.name.clone(),
            changed.to_string(),
            share(found),
            others.to_string(),
            share(first),
        ]);
    }
    table.print();
}

/// How many were changed, how many of these were found, how many others were named, and how many of the first named,
/// as many as were changed, were.
fn found(set: &Set) -> (usize, usize, usize, usize) {
    let (train, _) = set.train_and_val();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut order: Vec<usize> = (0..train.len()).collect();
    order.shuffle(&mut rng);
    order.truncate((CHANGED * train.len() as f64).round().max(1.0) as usize);
    let mut rows: LabelledEmbeddings = set.rows(&train, FeatureSet::All);
    for &place in &order {
        let other = rng.random_range(1..set.classes());
        rows.classes[place] = (rows.classes[place] + other) % set.classes();
    }
    let turns = Turns::new(&set.dataset, &set.units, &train, 0);
    let data = TrainingData {
        parts: set.parts(FeatureSet::All),
        folds: turns.folds,
        order: turns.order,
        turns: turns.count,
        train: rows.clone(),
        validation: LabelledEmbeddings::default(),
    };
    let fitted = fit(
        &TrainOptions::default(),
        set.dataset.labels().to_vec(),
        data,
    );
    let left_out = fitted.left_out.expect("there are folds");
    let judged: Vec<Judged> = left_out
        .logits
        .chunks_exact(set.classes())
        .zip(&left_out.images)
        .map(|(logits, &place)| Judged {
            id: place,
            hash: place.to_string(),
            name: place.to_string(),
            class: rows.classes[place],
            probabilities: fitted.head.to_probabilities(logits),
        })
        .collect();
    let named = label_problems(&judged, set.classes());
    let is_changed = |place: &usize| order.contains(place);
    let named: Vec<usize> = named
        .iter()
        .map(|problem| judged[problem.place].id)
        .collect();
    let found = named.iter().filter(|place| is_changed(place)).count();
    let first = named
        .iter()
        .take(order.len())
        .filter(|place| is_changed(place))
        .count();
    (order.len(), found, named.len() - found, first)
}
