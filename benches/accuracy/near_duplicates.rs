//! How alike a photo and an altered copy of it are, and how alike different photos.

use headstart::backbone::EMBEDDING_LEN;
use headstart::dataset::{Dataset, MIN_CENTRED_COSINE, MIN_COSINE, Split};
use headstart::image::Views;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::alterations::ALTERATIONS;
use crate::parallel;
use crate::photos::{LABELS, Photos};
use crate::statistics::quantile;
use crate::table::{Table, percent};

const ALTERED: usize = 36;
const HIGHEST_PAIRS: usize = 5;
/// As in `src/dataset/near_duplicates.rs`.
const ORIGIN_IMAGES: f64 = 10.0;

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let mut ids: Vec<usize> = (0..photos.labelled.len()).collect();
    ids.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
    ids.truncate(ALTERED);
    let pictures = ids
        .iter()
        .map(|&id| photos.labelled[id].decode())
        .collect::<Result<Vec<_>, _>>()?;
    let centre = centre(photos);
    let mut table = Table::new(&[
        "alteration",
        "plain cosine: least",
        "10 % below",
        "median",
        "centred: least",
        "10 % below",
        "median",
        "found",
    ]);
    let numbered: Vec<(usize, u64)> = (0..ALTERED).zip(0..).collect();
    for (name, alter) in ALTERATIONS {
        let altered = parallel::map(&numbered, |&(place, seed)| alter(&pictures[place], seed));
        let embeddings = photos.embedder.embed(&altered, Views::Centre)?.concat();
        let pairs = ids.iter().zip(&embeddings);
        let originals = || {
            pairs
                .clone()
                .map(|(&id, copy)| (photos.labelled[id].centre(), copy))
        };
        let plain = sorted(originals().map(|(a, b)| cosine(a, b, &[0.0; EMBEDDING_LEN])));
        let centred = sorted(originals().map(|(a, b)| cosine(a, b, &centre)));
        let mut cells = vec![name.to_string()];
        for cosines in [&plain, &centred] {
            cells.extend([0.0, 0.1, 0.5].map(|share| format!("{:.3}", quantile(cosines, share))));
        }
        cells.push(percent(found(photos, &ids, &embeddings)));
        table.row(cells);
    }
    photos.embedder.save()?;
    println!(
        "{ALTERED} photos; found: joined at a cosine of {MIN_COSINE} plain and {MIN_CENTRED_COSINE} centred:\n"
    );
    table.print();
    highest_pairs(photos, &centre);
    Ok(())
}

/// The share of altered copies that come to stand in a group with the photo.
fn found(photos: &Photos, ids: &[usize], copies: &[Vec<f32>]) -> f64 {
    let mut dataset = Dataset::default();
    let mut add = |hash: &str, class: usize, embedding: &[f32]| {
        dataset
            .add(hash, hash, LABELS[class], Split::Auto, embedding)
            .expect("no photo is there twice");
    };
    for photo in &photos.labelled {
        add(&photo.hash, photo.class, photo.centre());
    }
    for (&id, copy) in ids.iter().zip(copies) {
        let photo = &photos.labelled[id];
        add(&format!("altered {}", photo.hash), photo.class, copy);
    }
    let groups = dataset.near_duplicates();
    let places = ids.iter().zip(photos.labelled.len()..);
    let joined = places
        .filter(|&(&id, copy)| groups[id] == groups[copy])
        .count();
    joined as f64 / ids.len() as f64
}

fn highest_pairs(photos: &Photos, centre: &[f64]) {
    let all = &photos.labelled;
    let mut pairs: Vec<(f64, f64, usize, usize)> = Vec::new();
    for a in 0..all.len() {
        for b in 0..a {
            let (x, y) = (all[a].centre(), all[b].centre());
            let plain = cosine(x, y, &[0.0; EMBEDDING_LEN]);
            pairs.push((plain, cosine(x, y, centre), b, a));
        }
    }
    let joined = |pair: &&(f64, f64, usize, usize)| {
        pair.0 >= f64::from(MIN_COSINE) && pair.1 >= f64::from(MIN_CENTRED_COSINE)
    };
    println!(
        "Of {} pairs of different photos {} would be joined. The most alike, by both cosines' lesser margin:\n",
        pairs.len(),
        pairs.iter().filter(joined).count()
    );
    // How far a pair is from being joined is decided by the threshold it is farther below.
    let margin = |pair: &(f64, f64, usize, usize)| {
        (pair.0 - f64::from(MIN_COSINE)).min(pair.1 - f64::from(MIN_CENTRED_COSINE))
    };
    pairs.sort_by(|a, b| margin(b).total_cmp(&margin(a)));
    let mut table = Table::new(&["photos", "plain cosine", "centred cosine"]);
    for &(plain, centred, a, b) in pairs.iter().take(HIGHEST_PAIRS) {
        table.row(vec![
            format!("{}, {}", all[a].name(), all[b].name()),
            format!("{plain:.3}"),
            format!("{centred:.3}"),
        ]);
    }
    table.print();
}

/// The mean embedding of all photos, drawn towards the origin.
fn centre(photos: &Photos) -> Vec<f64> {
    let count = photos.labelled.len() as f64 + ORIGIN_IMAGES;
    let sum = |axis: usize| {
        photos
            .labelled
            .iter()
            .map(|photo| f64::from(photo.centre()[axis]))
            .sum::<f64>()
    };
    (0..EMBEDDING_LEN).map(|axis| sum(axis) / count).collect()
}

fn cosine(a: &[f32], b: &[f32], centre: &[f64]) -> f64 {
    let (mut product, mut squares) = (0.0, (0.0, 0.0));
    for ((&a, &b), centre) in a.iter().zip(b).zip(centre) {
        let (a, b) = (f64::from(a) - centre, f64::from(b) - centre);
        product += a * b;
        squares.0 += a * a;
        squares.1 += b * b;
    }
    product / (squares.0 * squares.1).sqrt()
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
