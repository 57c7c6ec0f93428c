//! Wrong labels, put there on purpose: how many are found?

use headstart::evaluation::Report;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::parallel;
use crate::photos::Photos;
use crate::statistics::mean;
use crate::table::{Table, percent};
use crate::train_val::report_of;

const FLIPPED: usize = 12;
const SEEDS: u64 = 10;

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let truth: Vec<usize> = photos.labelled.iter().map(|photo| photo.class).collect();
    let (train, _) = photos.train_and_val();
    let seeds: Vec<u64> = (0..SEEDS).collect();
    let photos = &*photos;
    let outcomes = parallel::map(&seeds, |&seed| {
        let mut shuffled = train.clone();
        shuffled.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let flipped = &shuffled[..FLIPPED];
        let mut classes = truth.clone();
        flipped.iter().for_each(|&id| classes[id] = 1 - classes[id]);
        report_of(photos, &classes).map(|report| Outcome::new(&report, flipped))
    });
    let mut table = Table::new(&[
        "seed",
        "flipped",
        "reported",
        "flipped among them",
        "flipped among the first 12",
        "accuracy of the head",
    ]);
    let mut all = Vec::new();
    for (seed, outcome) in outcomes.into_iter().enumerate() {
        let outcome = outcome?;
        table.row(vec![
            seed.to_string(),
            FLIPPED.to_string(),
            outcome.reported.to_string(),
            outcome.found.to_string(),
            outcome.found_first.to_string(),
            format!("{:.4}", outcome.accuracy),
        ]);
        all.push(outcome);
    }
    table.print();
    let of = |value: fn(&Outcome) -> f64| mean(&all.iter().map(value).collect::<Vec<_>>());
    let mut means = Table::new(&["mean over the seeds", "value"]);
    let mut row = |what: &str, value: String| means.row(vec![what.into(), value]);
    row(
        "flipped labels found",
        percent(of(|o| o.found as f64 / FLIPPED as f64)),
    );
    row(
        "flipped among the first 12 reported",
        percent(of(|o| o.found_first as f64 / FLIPPED as f64)),
    );
    row(
        "flipped among all reported",
        percent(of(|o| o.found as f64 / o.reported.max(1) as f64)),
    );
    means.print();
    println!("With no label flipped:\n");
    untouched(&report_of(photos, &truth)?);
    Ok(())
}

struct Outcome {
    reported: usize,
    found: usize,
    found_first: usize,
    accuracy: f64,
}

impl Outcome {
    fn new(report: &Report, flipped: &[usize]) -> Self {
        let problems = &report.label_problems;
        let is_flipped: Vec<bool> = problems.iter().map(|p| flipped.contains(&p.id)).collect();
        let found = |first: usize| {
            is_flipped
                .iter()
                .take(first)
                .filter(|&&found| found)
                .count()
        };
        Self {
            reported: problems.len(),
            found: found(problems.len()),
            found_first: found(FLIPPED),
            accuracy: report.accuracy,
        }
    }
}

fn untouched(report: &Report) {
    let mut table = Table::new(&["photo", "in", "label", "suggested", "its probability"]);
    for problem in &report.label_problems {
        table.row(vec![
            problem.name.clone(),
            if problem.held_out { "val" } else { "train" }.into(),
            problem.label.clone(),
            problem.suggested.clone(),
            format!("{:.3}", problem.probability),
        ]);
    }
    table.print();
}
