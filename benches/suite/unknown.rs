//! Scores that tell images of the classes from images of none: those of a class that was left out, and those of other
//! sets.

use headstart::backbone::FeatureSet;
use headstart::explain::{Neighbours, Parts};
use headstart::head::Fitted;

use crate::mahalanobis::Mahalanobis;
use crate::parallel;
use crate::recipes::Recipe;
use crate::sets::Set;
use crate::statistics::{auroc, mean};
use crate::table::{Table, percent};

/// Of the other sets' test images, every so many are tried.
const STEP: usize = 20;
const SCORES: [&str; 6] = [
    "the crate's: 3 nearest, all stages",
    "3 nearest, last stage",
    "highest probability",
    "energy",
    "Mahalanobis, last stage",
    "Mahalanobis, all stages",
];

/// What each score makes of known images and of others; low ones are to be unknown.
struct Trial {
    known: [Vec<f64>; 6],
    other: [Vec<f64>; 6],
    /// Shares that the crate's threshold refuses.
    refused: Option<[f64; 2]>,
}

pub fn print(sets: &[Set]) {
    let places: Vec<usize> = (0..sets.len()).collect();
    println!("### Images of other sets\n");
    let of_others = parallel::map(&places, |&place| vec![others(sets, place)]);
    print_trials(sets, &of_others);
    println!("### A class left out at a time\n");
    let of_classes = parallel::map(&places, |&place| classes(&sets[place]));
    print_trials(sets, &of_classes);
}

fn print_trials(sets: &[Set], trials: &[Vec<Trial>]) {
    let mut headings = vec!["score"];
    headings.extend(sets.iter().map(|set| set.name.as_str()));
    headings.push("mean");
    let mut table = Table::new(&headings);
    for (score, name) in SCORES.iter().enumerate() {
        let of_set = |trials: &Vec<Trial>| {
            let areas = trials
                .iter()
                .map(|trial| auroc(&trial.known[score], &trial.other[score]));
            (!trials.is_empty()).then(|| mean(&areas.collect::<Vec<_>>()))
        };
        table.row(row(name, trials.iter().map(of_set), |area| {
            format!("{area:.3}")
        }));
    }
    for (side, name) in ["known refused", "others refused"].into_iter().enumerate() {
        let of_set = |trials: &Vec<Trial>| {
            let shares = trials.iter().filter_map(|trial| Some(trial.refused?[side]));
            let shares: Vec<f64> = shares.collect();
            (!shares.is_empty()).then(|| mean(&shares))
        };
        table.row(row(
            &format!("the crate's: {name}"),
            trials.iter().map(of_set),
            percent,
        ));
    }
    println!("Area under the ROC curve, and what the crate's threshold refuses:\n");
    table.print();
}

fn row(
    name: &str,
    values: impl Iterator<Item = Option<f64>>,
    show: impl Fn(f64) -> String,
) -> Vec<String> {
    let values: Vec<Option<f64>> = values.collect();
    let mut cells = vec![name.to_owned()];
    cells.extend(
        values
            .iter()
            .map(|value| value.map_or_else(String::new, &show)),
    );
    let known: Vec<f64> = values.into_iter().flatten().collect();
    cells.push(if known.is_empty() {
        String::new()
    } else {
        show(mean(&known))
    });
    cells
}

/// Images of the other sets.
fn others(sets: &[Set], place: usize) -> Trial {
    let set = &sets[place];
    let (train, val) = set.train_and_val();
    let foreign = sets.iter().enumerate().filter(|&(other, _)| other != place);
    let foreign: Vec<&[f32]> = foreign
        .flat_map(|(_, set)| {
            let (_, val) = set.train_and_val();
            let every = val.into_iter().step_by(STEP);
            every.map(|place| set.embedding(place)).collect::<Vec<_>>()
        })
        .collect();
    let known: Vec<&[f32]> = val.iter().map(|&place| set.embedding(place)).collect();
    trial(set, &train, &known, &foreign)
}

/// Each class in turn, with the others to learn from.
fn classes(set: &Set) -> Vec<Trial> {
    if set.classes() < 3 {
        return Vec::new();
    }
    let (train, val) = set.train_and_val();
    let of_class = |class: usize| {
        let is_left = |place: &&usize| set.class(**place) == class;
        let train: Vec<usize> = train
            .iter()
            .filter(|place| !is_left(place))
            .copied()
            .collect();
        let (other, known): (Vec<&usize>, Vec<&usize>) = val.iter().partition(is_left);
        let rows = |places: Vec<&usize>| -> Vec<&[f32]> {
            places
                .into_iter()
                .map(|&place| set.embedding(place))
                .collect()
        };
        trial(set, &train, &rows(known), &rows(other))
    };
    (0..set.classes()).map(of_class).collect()
}

fn trial(set: &Set, train: &[usize], known: &[&[f32]], other: &[&[f32]]) -> Trial {
    let units: Vec<usize> = train.iter().map(|&place| set.units[place]).collect();
    let neighbours = |layout: &headstart::backbone::Layout| {
        let rows = train.iter().map(|&place| set.embedding(place));
        Neighbours::new(rows, &units, Parts::of(layout))
    };
    let all = neighbours(&set.layout);
    let last = neighbours(&set.layout.select(FeatureSet::Last));
    let fitted = Recipe::Default.fit(set, train, 0);
    let means = [FeatureSet::Last, FeatureSet::All].map(|features| {
        (
            features,
            Mahalanobis::fit(&set.rows(train, features), set.classes()),
        )
    });
    let score = |embedding: &[f32]| -> [f64; 6] {
        let near = |neighbours: &Neighbours| neighbours.similarity(embedding).unwrap_or(0.0);
        let [probability, energy] = by_logits(&fitted, embedding);
        let [far_last, far_all] = [0, 1].map(|place| {
            let (features, model) = &means[place];
            match features {
                FeatureSet::Last => model.score(&embedding[set.layout.last()]),
                FeatureSet::All => model.score(embedding),
            }
        });
        [
            near(&all),
            near(&last),
            probability,
            energy,
            far_last,
            far_all,
        ]
    };
    let scores = |images: &[&[f32]]| -> [Vec<f64>; 6] {
        let rows: Vec<[f64; 6]> = images.iter().map(|embedding| score(embedding)).collect();
        std::array::from_fn(|column| rows.iter().map(|row| row[column]).collect())
    };
    let (known, other) = (scores(known), scores(other));
    let share = |scores: &Vec<f64>| {
        let refused = scores
            .iter()
            .filter(|&&score| all.is_unknown(score))
            .count();
        refused as f64 / scores.len().max(1) as f64
    };
    Trial {
        refused: all
            .threshold()
            .map(|_| [share(&known[0]), share(&other[0])]),
        known,
        other,
    }
}

/// The highest probability, and the logarithm of the sum of the logits' exponentials (Liu et al. 2020, "Energy-based
/// Out-of-distribution Detection").
fn by_logits(fitted: &Fitted, embedding: &[f32]) -> [f64; 2] {
    let logits = fitted.head.logits(embedding);
    let probabilities = fitted.head.to_probabilities(&logits);
    let temperature = fitted.head.temperature();
    let energy: f64 = logits
        .iter()
        .map(|&z| (f64::from(z) / temperature).exp())
        .sum();
    [probabilities.into_iter().fold(0.0, f64::max), energy.ln()]
}
