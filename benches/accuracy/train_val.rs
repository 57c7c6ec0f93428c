//! Learned from `train`, judged on `val`.

use headstart::dataset::Split;
use headstart::device::cpu_backend;
use headstart::evaluation::{Metrics, Report, wilson};
use headstart::head::{TrainOptions, softmax};
use headstart::image::Views;
use headstart::{Backbone, Classifier};

use crate::parallel;
use crate::photos::{Collection, LABELS, Photos};
use crate::recipes::{self, Recipe};
use crate::table::{Table, percent};

const GRID: [f64; 9] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0];
const SEEDS: u64 = 5;

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let collection = photos.collection(Views::Centre);
    let (train, val) = photos.train_and_val();
    recipes_table(&collection, &train, &val);
    default_table(&collection, &train, &val, &report(photos)?);
    Ok(())
}

fn recipes_table(collection: &Collection, train: &[usize], val: &[usize]) {
    let mut runs: Vec<(Recipe, u64)> = vec![(Recipe::Default, 0)];
    runs.extend(GRID.map(|l2| (Recipe::L2(l2), 0)));
    for recipe in [Recipe::Classic, Recipe::Adam, Recipe::TeachableMachine] {
        runs.extend((0..SEEDS).map(|seed| (recipe, seed)));
    }
    let results = parallel::map(&runs, |&(recipe, seed)| {
        recipe.judge(collection, train, val, seed)
    });
    let mut table = Table::new(&[
        "head",
        "seed",
        "right",
        "accuracy",
        "balanced accuracy",
        "log loss",
        "calibration error",
    ]);
    for ((recipe, seed), measured) in runs.iter().zip(&results) {
        table.row(vec![
            recipe.name(),
            seed.to_string(),
            format!("{}/{}", measured.right, measured.count),
            format!("{:.4}", measured.accuracy()),
            format!("{:.4}", measured.balanced_accuracy),
            format!("{:.4}", measured.log_loss),
            format!("{:.4}", measured.calibration_error),
        ]);
    }
    table.print();
}

/// What the default's report adds.
fn default_table(collection: &Collection, train: &[usize], val: &[usize], report: &Report) {
    let options = TrainOptions::default();
    let fitted = recipes::fit(&recipes::data(collection, train, &options), &options);
    let rows = collection.rows(val);
    let logits = fitted.head.logits(&rows.embeddings);
    let plain: Vec<Vec<f64>> = logits.chunks_exact(LABELS.len()).map(softmax).collect();
    let calibrated = recipes::probabilities(&fitted, &rows.embeddings);
    let measure = |rows_of: &[Vec<f64>]| Metrics::measure(&rows.classes, rows_of, LABELS.len());
    let (before, after) = (measure(&plain), measure(&calibrated));
    let (low, high) = wilson(after.right, after.count);
    let near = &report.near_duplicates;
    let problems = report.label_problems.len();
    let held_out = report
        .label_problems
        .iter()
        .filter(|problem| problem.held_out)
        .count();
    let mut table = Table::new(&["the default head", "value"]);
    let mut row = |what: &str, value: String| table.row(vec![what.into(), value]);
    row("L2 chosen", fitted.summary.l2.to_string());
    row(
        "accuracy, 95 % interval (Wilson)",
        format!("{low:.4} to {high:.4}"),
    );
    row("temperature", format!("{:.3}", fitted.head.temperature()));
    let change = |before: f64, after: f64| format!("{before:.4} → {after:.4}");
    row(
        "calibration error, without → with temperature",
        change(before.calibration_error, after.calibration_error),
    );
    row(
        "log loss, without → with temperature",
        change(before.log_loss, after.log_loss),
    );
    row(
        "near-duplicates among all photos",
        format!("{} groups of {} photos", near.groups, near.images),
    );
    row(
        "val photos set aside for a near-duplicate in train",
        near.set_aside.to_string(),
    );
    row("val photos judged in the report", report.tested.to_string());
    row("its accuracy", format!("{:.4}", report.accuracy));
    row(
        "labels in doubt",
        format!("{problems}, {held_out} of them in val"),
    );
    if let Some(unknown) = &report.unknown {
        row("val photos refused as unknown", percent(unknown.share));
    }
    table.print();
}

/// The report that a user reads of these photos.
fn report(photos: &Photos) -> Result<Report, String> {
    let labels: Vec<usize> = photos.labelled.iter().map(|photo| photo.class).collect();
    report_of(photos, &labels)
}

/// The same with other labels.
pub fn report_of(photos: &Photos, classes: &[usize]) -> Result<Report, String> {
    let failed = |error: headstart::Error| error.to_string();
    let weights = &photos.embedder.weights;
    let backbone = Backbone::load(weights, cpu_backend()).map_err(failed)?;
    let mut classifier = Classifier::new(backbone, Views::Centre);
    for (photo, &class) in photos.labelled.iter().zip(classes) {
        let split = if photo.is_val {
            Split::Test
        } else {
            Split::Train
        };
        classifier
            .dataset
            .add(
                &photo.name(),
                &photo.hash,
                LABELS[class],
                split,
                photo.centre(),
            )
            .map_err(failed)?;
    }
    classifier
        .start_training(&TrainOptions::default())
        .map_err(failed)?;
    while classifier.train_epoch().map_err(failed)?.is_some() {}
    classifier.evaluate().map_err(failed)
}
