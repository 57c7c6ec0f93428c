//! A handful of images per class: what is the best prior?

use headstart::backbone::EMBEDDING_LEN;
use headstart::evaluation::{Metrics, argmax};
use headstart::head::{L2, LabelledEmbeddings, TrainOptions, TrainingData};
use headstart::image::Views;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::parallel;
use crate::photos::{Collection, LABELS, Photos};
use crate::recipes;
use crate::splits::Measured;
use crate::statistics::{Paired, mean};
use crate::table::Table;

const SIZES: [usize; 5] = [1, 2, 3, 5, 10];
const DRAWS: u64 = 60;
/// As many images as a class mean is drawn towards the mean of all.
const PRIOR_IMAGES: f64 = 2.0;

#[derive(Clone, Copy)]
enum Way {
    /// Logistic regression; `None`: as the crate does by default.
    Regression(Option<f64>),
    /// The same on embeddings standardised before, axis by axis: shrinking then changes nothing.
    PerAxis(f64),
    NearestMean(Closeness),
}

#[derive(Clone, Copy)]
enum Closeness {
    Euclid,
    /// By distance, after class means were drawn towards the mean of all.
    Shrunken,
    Cosine,
    /// After the mean of all was taken off.
    CentredCosine,
}

const WAYS: [(&str, Way); 11] = [
    ("default", Way::Regression(None)),
    ("L2 0.01", Way::Regression(Some(0.01))),
    ("L2 0.1", Way::Regression(Some(0.1))),
    ("L2 1", Way::Regression(Some(1.0))),
    ("per axis, L2 0.01", Way::PerAxis(0.01)),
    ("per axis, L2 0.1", Way::PerAxis(0.1)),
    ("per axis, L2 1", Way::PerAxis(1.0)),
    ("nearest mean", Way::NearestMean(Closeness::Euclid)),
    (
        "nearest shrunken mean",
        Way::NearestMean(Closeness::Shrunken),
    ),
    (
        "nearest mean by cosine",
        Way::NearestMean(Closeness::Cosine),
    ),
    (
        "by centred cosine",
        Way::NearestMean(Closeness::CentredCosine),
    ),
];

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let collection = photos.collection(Views::Centre);
    let by_size = SIZES.map(|size| {
        let draws: Vec<u64> = (0..DRAWS).collect();
        let results = parallel::map(&draws, |&draw| {
            let (train, test) = drawn(&collection, size, draw);
            WAYS.map(|(_, way)| judge(&collection, &train, &test, way))
        });
        let of_way =
            |way: usize| -> Vec<Metrics> { results.iter().map(|draw| draw[way].clone()).collect() };
        (0..WAYS.len())
            .map(|way| Measured::new(&of_way(way)))
            .collect::<Vec<_>>()
    });
    let headings = SIZES.map(|size| size.to_string());
    let mut headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    headings.insert(0, "images per class");
    let table = |cell: &dyn Fn(usize, &[Measured]) -> String| {
        let mut table = Table::new(&headings);
        for (way, (name, _)) in WAYS.iter().enumerate() {
            let cells = by_size.iter().map(|measured| cell(way, measured));
            table.row(std::iter::once(name.to_string()).chain(cells).collect());
        }
        table.print();
    };
    println!("Accuracy in per cent, mean ± standard deviation of {DRAWS} draws:\n");
    table(&|way, measured| measured[way].accuracy_cell());
    println!("Accuracy less the default's, points ± standard error:\n");
    table(&|way, measured| match way {
        0 => "—".into(),
        _ => Paired::new(&measured[way].accuracy, &measured[0].accuracy).points(),
    });
    println!("Log loss, mean:\n");
    table(&|way, measured| match WAYS[way].1 {
        Way::NearestMean(_) => "—".into(),
        _ => format!("{:.3}", mean(&measured[way].log_loss)),
    });
    Ok(())
}

/// So many photos of each class, and all others.
fn drawn(photos: &Collection, size: usize, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut order = photos.all();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut room = [size; LABELS.len()];
    order.into_iter().partition(|&id| {
        let room = &mut room[photos.dataset.samples()[id].class];
        let is_drawn = *room > 0;
        *room = room.saturating_sub(1);
        is_drawn
    })
}

fn judge(photos: &Collection, train: &[usize], test: &[usize], way: Way) -> Metrics {
    let options = |l2: Option<f64>| TrainOptions {
        l2: l2.map(L2::Value),
        ..TrainOptions::default()
    };
    let mut rows = photos.rows(test);
    let mut data = recipes::data(photos, train, &TrainOptions::default());
    let probabilities = match way {
        Way::Regression(l2) => regression(&data, &options(l2), &rows),
        Way::PerAxis(l2) => {
            let standard = Standard::of(&data.train);
            standard.apply(&mut data.train);
            standard.apply(&mut rows);
            regression(&data, &options(Some(l2)), &rows)
        }
        Way::NearestMean(closeness) => nearest_mean(&data.train, &rows, closeness),
    };
    Metrics::measure(&rows.classes, &probabilities, LABELS.len())
}

fn regression(
    data: &TrainingData,
    options: &TrainOptions,
    test: &LabelledEmbeddings,
) -> Vec<Vec<f64>> {
    recipes::probabilities(&recipes::fit(data, options), &test.embeddings)
}

/// Each axis's mean and deviation.
struct Standard(Vec<(f64, f64)>);

impl Standard {
    fn of(train: &LabelledEmbeddings) -> Self {
        let column = |axis: usize| {
            let rows = train.embeddings.chunks_exact(EMBEDDING_LEN);
            rows.map(move |row| f64::from(row[axis]))
        };
        let measure = |axis: usize| {
            let mean = mean(&column(axis).collect::<Vec<_>>());
            let squares: Vec<f64> = column(axis).map(|value| (value - mean).powi(2)).collect();
            let deviation = crate::statistics::mean(&squares).sqrt();
            (mean, if deviation > 1e-8 { deviation } else { 1.0 })
        };
        Self((0..EMBEDDING_LEN).map(measure).collect())
    }

    fn apply(&self, images: &mut LabelledEmbeddings) {
        for row in images.embeddings.chunks_exact_mut(EMBEDDING_LEN) {
            for (value, (mean, deviation)) in row.iter_mut().zip(&self.0) {
                *value = ((f64::from(*value) - mean) / deviation) as f32;
            }
        }
    }
}

/// A 1 for the class whose mean is the nearest.
fn nearest_mean(
    train: &LabelledEmbeddings,
    test: &LabelledEmbeddings,
    closeness: Closeness,
) -> Vec<Vec<f64>> {
    let rows = || {
        train
            .embeddings
            .chunks_exact(EMBEDDING_LEN)
            .zip(&train.classes)
    };
    let overall = mean_row(rows().map(|(row, _)| row));
    let mut means: Vec<Vec<f64>> = (0..LABELS.len())
        .map(|class| mean_row(rows().filter(|&(_, &of)| of == class).map(|(row, _)| row)))
        .collect();
    if matches!(closeness, Closeness::Shrunken) {
        let images = train.classes.len() as f64 / LABELS.len() as f64;
        let kept = images / (images + PRIOR_IMAGES);
        for (value, overall) in means
            .iter_mut()
            .flat_map(|mean| mean.iter_mut().zip(&overall))
        {
            *value = overall + kept * (*value - overall);
        }
    }
    let origin = match closeness {
        Closeness::CentredCosine => overall,
        _ => vec![0.0; EMBEDDING_LEN],
    };
    let off = |row: &[f64]| -> Vec<f64> { row.iter().zip(&origin).map(|(a, b)| a - b).collect() };
    let score = |row: &[f64], mean: &[f64]| match closeness {
        Closeness::Euclid | Closeness::Shrunken => -row
            .iter()
            .zip(mean)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>(),
        Closeness::Cosine | Closeness::CentredCosine => {
            let (row, mean) = (off(row), off(mean));
            dot(&row, &mean) / dot(&mean, &mean).sqrt()
        }
    };
    test.embeddings
        .chunks_exact(EMBEDDING_LEN)
        .map(|row| {
            let row: Vec<f64> = row.iter().copied().map(f64::from).collect();
            let scores: Vec<f64> = means.iter().map(|mean| score(&row, mean)).collect();
            let nearest = argmax(&scores);
            (0..LABELS.len())
                .map(|class| f64::from(u8::from(class == nearest)))
                .collect()
        })
        .collect()
}

fn mean_row<'a>(rows: impl Iterator<Item = &'a [f32]> + Clone) -> Vec<f64> {
    let count = rows.clone().count() as f64;
    let mut mean = vec![0.0; EMBEDDING_LEN];
    for row in rows {
        mean.iter_mut()
            .zip(row)
            .for_each(|(sum, &value)| *sum += f64::from(value) / count);
    }
    mean
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
