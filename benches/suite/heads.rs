//! Every head, learned from `train` and judged on all of `val`.

use headstart::dataset::Split;
use serde_json::{Map, json};

use crate::json::Results;
use crate::recipes::{Judged, RECIPES, Recipe};
use crate::sets::Set;
use crate::statistics::{Paired, deviation, mean, quantile};
use crate::table::{Table, percent};

/// Draws of the interval of a mean over sets.
const DRAWS: u64 = 2_000;

pub fn print(sets: &[Set], results: &mut Results) -> Result<(), String> {
    let mut rows = Vec::with_capacity(sets.len());
    for set in sets {
        let (train, val) = set.train_and_val();
        // One after the other: a recipe's time is its own.
        let judged = RECIPES.map(|recipe| (recipe, recipe.judge(set, &train, &val, 0)));
        let left_out = left_out(set, &train, &val);
        let values = [
            ("name", json!(set.name)),
            ("classes", json!(set.classes())),
            ("train", json!(train.len())),
            ("val", json!(val.len())),
            ("leftOut", json!(left_out)),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value));
        results.set(Map::from_iter(values), &judged);
        results.write()?;
        rows.push((set, val, left_out, judged));
    }
    print_rows(&rows);
    print_differences(&rows);
    print_calibration(&rows);
    Ok(())
}

type Row<'a> = (&'a Set, Vec<usize>, usize, [(Recipe, Judged); 4]);

/// Images of `val` that a report would leave out: a near-duplicate, or one of their group, is in `train`.
fn left_out(set: &Set, train: &[usize], val: &[usize]) -> usize {
    let learned: std::collections::HashSet<usize> =
        train.iter().map(|&place| set.units[place]).collect();
    let is_left_out = |place: &&usize| learned.contains(&set.units[**place]);
    debug_assert!(
        val.iter()
            .all(|&place| set.dataset.samples()[place].split == Split::Test)
    );
    val.iter().filter(is_left_out).count()
}

fn print_rows(rows: &[Row]) {
    let mut table = Table::new(&[
        "set",
        "head",
        "accuracy",
        "log loss",
        "calibration error",
        "L2",
        "last stage's share",
        "left out of the test",
        "seconds",
    ]);
    for (set, val, left_out, judged) in rows {
        for (place, (recipe, judged)) in judged.iter().enumerate() {
            let metrics = &judged.metrics;
            let first = |text: String| if place == 0 { text } else { String::new() };
            table.row(vec![
                first(set.name.clone()),
                recipe.name(),
                percent(metrics.accuracy()),
                format!("{:.3}", metrics.log_loss),
                format!("{:.3}", metrics.calibration_error),
                judged.l2.map_or_else(String::new, brief),
                judged
                    .share
                    .map_or_else(String::new, |share| format!("{share}")),
                first(format!("{left_out} of {}", val.len())),
                format!("{:.2}", judged.seconds),
            ]);
        }
    }
    for (place, recipe) in RECIPES.iter().enumerate() {
        let means = |value: fn(&Judged) -> f64| {
            mean(
                &rows
                    .iter()
                    .map(|row| value(&row.3[place].1))
                    .collect::<Vec<_>>(),
            )
        };
        table.row(vec![
            if place == 0 { "mean" } else { "" }.into(),
            recipe.name(),
            format!("{:.2} %", 100.0 * means(|judged| judged.metrics.accuracy())),
            format!("{:.3}", means(|judged| judged.metrics.log_loss)),
            format!("{:.3}", means(|judged| judged.metrics.calibration_error)),
            String::new(),
            String::new(),
            String::new(),
            format!("{:.2}", means(|judged| judged.seconds)),
        ]);
    }
    table.print();
}

/// Two digits of a number.
fn brief(value: f64) -> String {
    let digits = format!("{value:.1e}");
    digits
        .parse::<f64>()
        .map_or(digits, |rounded| rounded.to_string())
}

/// The default against each other head, on the same images of a set.
fn print_differences(rows: &[Row]) {
    println!(
        "Accuracy of the default less that of another, in points, ± the standard error of the difference on the same images; in brackets that of log loss:\n"
    );
    let others = &RECIPES[1..];
    let names: Vec<String> = others.iter().map(|recipe| recipe.name()).collect();
    let mut headings = vec!["set"];
    headings.extend(names.iter().map(String::as_str));
    let mut table = Table::new(&headings);
    for (set, val, _, judged) in rows {
        let right = |judged: &Judged| -> Vec<f64> { right(set, val, judged) };
        let losses = |judged: &Judged| -> Vec<f64> { losses(set, val, judged) };
        let mut cells = vec![set.name.clone()];
        for (_, other) in &judged[1..] {
            let difference = Paired::new(&right(&judged[0].1), &right(other));
            let loss = Paired::new(&losses(&judged[0].1), &losses(other));
            cells.push(format!(
                "{} ({:+.3} ± {:.3})",
                difference.points(),
                loss.mean,
                loss.error
            ));
        }
        table.row(cells);
    }
    table.print();
}

/// The calibration error's mean over sets, and how far it strays when images are drawn anew.
fn print_calibration(rows: &[Row]) {
    use headstart::evaluation::Metrics;
    use rand::{RngExt, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let errors = rows.iter().map(|(set, val, _, judged)| {
                let drawn: Vec<usize> = (0..val.len())
                    .map(|_| rng.random_range(0..val.len()))
                    .collect();
                let truth: Vec<usize> = drawn.iter().map(|&i| set.class(val[i])).collect();
                let all = &judged[0].1.probabilities;
                let probabilities: Vec<_> = drawn.iter().map(|&i| all[i].clone()).collect();
                Metrics::measure(&truth, &probabilities, set.classes()).calibration_error
            });
            mean(&errors.collect::<Vec<_>>())
        })
        .collect();
    let measured: Vec<f64> = rows
        .iter()
        .map(|row| row.3[0].1.metrics.calibration_error)
        .collect();
    draws.sort_by(f64::total_cmp);
    // Drawn anew, a set has images twice, and its error grows by that: what counts is how far the draws stray.
    let bias = mean(&draws) - mean(&measured);
    println!(
        "Calibration error of the default, mean over {} sets: {:.4}, 95 % interval {:.4} to {:.4} (bootstrap, less its bias of {bias:.4}); deviation between sets {:.3}.\n",
        rows.len(),
        mean(&measured),
        quantile(&draws, 0.025) - bias,
        quantile(&draws, 0.975) - bias,
        if measured.len() > 1 {
            deviation(&measured)
        } else {
            0.0
        },
    );
}

fn right(set: &Set, places: &[usize], judged: &Judged) -> Vec<f64> {
    let rows = places.iter().zip(&judged.probabilities);
    rows.map(|(&place, row)| f64::from(u8::from(headstart::head::argmax(row) == set.class(place))))
        .collect()
}

fn losses(set: &Set, places: &[usize], judged: &Judged) -> Vec<f64> {
    let rows = places.iter().zip(&judged.probabilities);
    rows.map(|(&place, row)| -row[set.class(place)].max(f64::EPSILON).ln())
        .collect()
}
