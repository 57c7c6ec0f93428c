//! Scores that tell photos of the classes from photos of other things.

use headstart::backbone::EMBEDDING_LEN;
use headstart::explain::{Neighbours, UNKNOWN_SHARE};
use headstart::head::{Fitted, TrainOptions, TrainingData};
use headstart::image::Views;

use crate::mahalanobis::Mahalanobis;
use crate::parallel;
use crate::photos::{Collection, LABELS, Photos};
use crate::recipes;
use crate::splits::{Parts, parts};
use crate::statistics::{auroc, deviation, mean};
use crate::table::{Table, percent};

/// Scores of three sorts of photos; low ones are to be unknown.
struct Scores {
    name: &'static str,
    /// Training images, by what had not learned from them.
    left_out: Vec<f64>,
    known: Vec<f64>,
    unrelated: Vec<f64>,
}

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let collection = photos.collection(Views::Centre);
    let (train, val) = photos.train_and_val();
    let unrelated: Vec<&[f32]> = photos
        .unrelated
        .iter()
        .map(|photo| photo.centre())
        .collect();
    let all = All {
        train: photos.centres(&train),
        groups: train.iter().map(|&id| collection.groups[id]).collect(),
        known: photos.centres(&val),
        unrelated,
    };
    let mut table = Table::new(&["score", "known refused", "unrelated refused", "AUROC"]);
    let row = |name: &str, refused: (usize, usize), auroc: f64| {
        vec![
            name.to_string(),
            format!(
                "{}/{} = {}",
                refused.0,
                val.len(),
                percent(refused.0 as f64 / val.len() as f64)
            ),
            format!("{}/{}", refused.1, photos.unrelated.len()),
            format!("{auroc:.3}"),
        ]
    };
    let neighbours = Neighbours::new(&all.train.concat(), &all.groups);
    let similarities = |of: &[&[f32]]| -> Vec<f64> {
        of.iter()
            .filter_map(|embedding| neighbours.similarity(embedding))
            .collect()
    };
    let (known, other) = (similarities(&all.known), similarities(&all.unrelated));
    let refused = |of: &[f64]| {
        of.iter()
            .filter(|&&score| neighbours.is_unknown(score))
            .count()
    };
    table.row(row(
        "the crate's: cosine to the 3 nearest",
        (refused(&known), refused(&other)),
        auroc(&known, &other),
    ));
    let options = TrainOptions::default();
    let data = recipes::data(&collection, &train, &options);
    for scores in alternatives(&all, &data, &options) {
        let threshold = threshold(&scores.left_out);
        let refused = |of: &[f64]| of.iter().filter(|&&score| score < threshold).count();
        let refused = (refused(&scores.known), refused(&scores.unrelated));
        table.row(row(
            scores.name,
            refused,
            auroc(&scores.known, &scores.unrelated),
        ));
    }
    println!("Learned from train; known are the photos in val:\n");
    table.print();
    over_splits(photos, &collection);
    Ok(())
}

/// The crate's score, with a fifth of all photos as the known ones.
fn over_splits(photos: &Photos, collection: &Collection) {
    let parts = parts(collection, None);
    let shares = parallel::map(&parts, |part: &Parts| {
        let groups: Vec<usize> = part.train.iter().map(|&id| collection.groups[id]).collect();
        let neighbours = Neighbours::new(&photos.centres(&part.train).concat(), &groups);
        let unknown = |embedding: &[f32]| {
            neighbours
                .similarity(embedding)
                .is_some_and(|score| neighbours.is_unknown(score))
        };
        let known = part
            .test
            .iter()
            .filter(|&&id| unknown(photos.labelled[id].centre()))
            .count();
        let other = photos
            .unrelated
            .iter()
            .filter(|photo| unknown(photo.centre()))
            .count();
        (known as f64 / part.test.len() as f64, other as f64)
    });
    let (known, other): (Vec<f64>, Vec<f64>) = shares.into_iter().unzip();
    println!(
        "The crate's score on {} splits of all photos, mean ± standard deviation:\n",
        parts.len()
    );
    let mut table = Table::new(&["known refused", "unrelated refused", "fewest of them"]);
    let fewest = other.iter().copied().fold(f64::INFINITY, f64::min);
    table.row(vec![
        format!("{} ± {}", percent(mean(&known)), percent(deviation(&known))),
        format!(
            "{:.1} ± {:.1} of {}",
            mean(&other),
            deviation(&other),
            photos.unrelated.len()
        ),
        fewest.to_string(),
    ]);
    table.print();
}

/// Central embeddings.
struct All<'a> {
    train: Vec<&'a [f32]>,
    groups: Vec<usize>,
    known: Vec<&'a [f32]>,
    unrelated: Vec<&'a [f32]>,
}

fn alternatives(all: &All, data: &TrainingData, options: &TrainOptions) -> Vec<Scores> {
    let nothing = vec![0.0; EMBEDDING_LEN];
    let mut scores = vec![
        nearest("cosine to the nearest", all, &nothing, 1),
        nearest("cosine to the 3 nearest", all, &nothing, 3),
        nearest("cosine to the 5 nearest", all, &nothing, 5),
        nearest(
            "centred cosine to the 3 nearest",
            all,
            &mean_of(&all.train),
            3,
        ),
    ];
    let fitted = recipes::fit(data, options);
    let temperature = fitted.head.temperature();
    scores.push(by_logits("highest probability", all, &fitted, |row| {
        fitted
            .head
            .to_probabilities(row)
            .into_iter()
            .fold(0.0, f64::max)
    }));
    scores.push(by_logits("energy", all, &fitted, |row| {
        row.iter()
            .map(|&logit| (f64::from(logit) / temperature).exp())
            .sum::<f64>()
            .ln()
    }));
    scores.push(mahalanobis(all, data));
    scores
}

fn nearest(name: &'static str, all: &All, centre: &[f32], count: usize) -> Scores {
    let directions = |of: &[&[f32]]| -> Vec<Vec<f32>> {
        of.iter()
            .map(|embedding| direction(embedding, centre))
            .collect()
    };
    let train = directions(&all.train);
    let score = |own: &Vec<f32>, counts: &dyn Fn(usize) -> bool| -> f64 {
        let others = train.iter().enumerate().filter(|&(place, _)| counts(place));
        let dot = |other: &[f32]| own.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        let mut cosines: Vec<f64> = others.map(|(_, other)| f64::from(dot(other))).collect();
        cosines.sort_by(|a, b| b.total_cmp(a));
        mean(&cosines[..count])
    };
    let of_others = |of: &[&[f32]]| {
        directions(of)
            .iter()
            .map(|own| score(own, &|_| true))
            .collect()
    };
    let of_group = |(place, own): (usize, &Vec<f32>)| {
        score(own, &|other| all.groups[other] != all.groups[place])
    };
    Scores {
        name,
        left_out: train.iter().enumerate().map(of_group).collect(),
        known: of_others(&all.known),
        unrelated: of_others(&all.unrelated),
    }
}

/// `left_out` has the logits in the order of the training images, as `all.train` has their embeddings.
fn by_logits(
    name: &'static str,
    all: &All,
    fitted: &Fitted,
    score: impl Fn(&[f32]) -> f64,
) -> Scores {
    let of_rows = |logits: &[f32]| logits.chunks_exact(LABELS.len()).map(&score).collect();
    let of_images = |images: &[&[f32]]| of_rows(&fitted.head.logits(&images.concat()));
    let left_out = fitted.left_out.as_ref().expect("there are folds");
    Scores {
        name,
        left_out: of_rows(&left_out.logits),
        known: of_images(&all.known),
        unrelated: of_images(&all.unrelated),
    }
}

fn mahalanobis(all: &All, data: &TrainingData) -> Scores {
    let count = data.folds.iter().max().map_or(0, |last| last + 1);
    let folds: Vec<usize> = (0..count).collect();
    let models = parallel::map(&folds, |&fold| {
        let mut others = headstart::head::LabelledEmbeddings::default();
        for (image, embedding) in all.train.iter().enumerate() {
            if data.folds[image] != fold {
                others.embeddings.extend(*embedding);
                others.classes.push(data.train.classes[image]);
            }
        }
        Mahalanobis::fit(&others)
    });
    let whole = Mahalanobis::fit(&data.train);
    let of = |images: &[&[f32]]| {
        images
            .iter()
            .map(|embedding| whole.score(embedding))
            .collect()
    };
    let left_out = all.train.iter().zip(&data.folds);
    Scores {
        name: "Mahalanobis distance",
        left_out: left_out
            .map(|(embedding, &fold)| models[fold].score(embedding))
            .collect(),
        known: of(&all.known),
        unrelated: of(&all.unrelated),
    }
}

/// The score under which a new known image is with probability at most 5 %, as the crate sets it.
fn threshold(left_out: &[f64]) -> f64 {
    let mut sorted = left_out.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = ((sorted.len() + 1) as f64 * UNKNOWN_SHARE).floor() as usize;
    sorted[below.saturating_sub(1)]
}

fn mean_of(embeddings: &[&[f32]]) -> Vec<f32> {
    let sum = |axis: usize| {
        embeddings
            .iter()
            .map(|embedding| embedding[axis])
            .sum::<f32>()
    };
    (0..EMBEDDING_LEN)
        .map(|axis| sum(axis) / embeddings.len() as f32)
        .collect()
}

fn direction(embedding: &[f32], centre: &[f32]) -> Vec<f32> {
    let off: Vec<f32> = embedding
        .iter()
        .zip(centre)
        .map(|(value, centre)| value - centre)
        .collect();
    let norm = off.iter().map(|value| value * value).sum::<f32>().sqrt();
    off.iter().map(|value| value / norm).collect()
}
