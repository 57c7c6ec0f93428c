//! Every head on repeated stratified splits, with few images of each class and with all.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::json;

use crate::json::Results;
use crate::parallel;
use crate::recipes::RECIPES;
use crate::sets::Set;
use crate::statistics::{Paired, mean};
use crate::table::Table;

/// Images of each class to learn from; `None`: all of the 80 %.
const SIZES: [Option<usize>; 4] = [Some(5), Some(10), Some(20), None];
/// The share of each class that is judged on.
const TEST_SHARE: f64 = 0.2;

/// Places to learn from and to be judged on.
pub struct Parts {
    pub train: Vec<usize>,
    pub test: Vec<usize>,
}

/// What a recipe did, a split after the other.
#[derive(Default, Clone)]
struct Measured {
    accuracies: Vec<f64>,
    losses: Vec<f64>,
}

/// A split of a set: a share of each class's units, and of the others so many images of each class.
pub fn split(set: &Set, size: Option<usize>, seed: u64) -> Parts {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut parts = Parts {
        train: Vec::new(),
        test: Vec::new(),
    };
    for class in 0..set.classes() {
        let mut units: Vec<Vec<usize>> = Vec::new();
        let mut unit_of = std::collections::BTreeMap::new();
        for place in 0..set.dataset.samples().len() {
            if set.class(place) == class {
                let unit = *unit_of.entry(set.units[place]).or_insert_with(|| {
                    units.push(Vec::new());
                    units.len() - 1
                });
                units[unit].push(place);
            }
        }
        units.shuffle(&mut rng);
        let count: usize = units.iter().map(Vec::len).sum();
        let wanted = ((count as f64 * TEST_SHARE).round() as usize).max(1);
        let (mut test, mut train) = (Vec::new(), Vec::new());
        for unit in units {
            let side = if test.len() < wanted {
                &mut test
            } else {
                &mut train
            };
            side.extend(unit);
        }
        train.truncate(size.unwrap_or(usize::MAX));
        parts.train.extend(train);
        parts.test.extend(test);
    }
    // A unit of several classes may have come to stand on both sides: it is not judged on.
    let learned: std::collections::HashSet<usize> =
        parts.train.iter().map(|&place| set.units[place]).collect();
    parts
        .test
        .retain(|&place| !learned.contains(&set.units[place]));
    parts
}

pub fn print(
    sets: &[Set],
    splits: u64,
    results: &mut Results,
    progress: &impl Fn(&str),
) -> Result<(), String> {
    let mut measured: Vec<Vec<Vec<Measured>>> = Vec::new();
    for set in sets {
        progress(&set.name);
        let mut of_set = Vec::new();
        for size in SIZES {
            let seeds: Vec<u64> = (0..splits).collect();
            let rows = parallel::map(&seeds, |&seed| {
                let parts = split(set, size, seed);
                RECIPES.map(|recipe| {
                    let judged = recipe.judge(set, &parts.train, &parts.test, seed);
                    (judged.metrics.accuracy(), judged.metrics.log_loss)
                })
            });
            let mut of_recipes = vec![Measured::default(); RECIPES.len()];
            for row in rows {
                for (measured, (accuracy, loss)) in of_recipes.iter_mut().zip(row) {
                    measured.accuracies.push(accuracy);
                    measured.losses.push(loss);
                }
            }
            for (recipe, measured) in RECIPES.iter().zip(&of_recipes) {
                results.split(json!({
                    "set": set.name,
                    "perClass": size,
                    "head": recipe.key(),
                    "accuracies": measured.accuracies,
                    "logLosses": measured.losses,
                }));
            }
            of_set.push(of_recipes);
        }
        results.write()?;
        measured.push(of_set);
    }
    for (place, size) in SIZES.iter().enumerate() {
        let title = size.map_or("All images".into(), |size| format!("{size} images"));
        println!("### {title} of each class, {splits} splits\n");
        let of_size: Vec<&Vec<Measured>> = measured.iter().map(|set| &set[place]).collect();
        print_size(sets, &of_size);
    }
    Ok(())
}

fn print_size(sets: &[Set], measured: &[&Vec<Measured>]) {
    let names: Vec<String> = RECIPES.iter().map(|recipe| recipe.name()).collect();
    let others: Vec<String> = RECIPES[1..]
        .iter()
        .map(|recipe| format!("default − {}", recipe.name()))
        .collect();
    let mut headings = vec!["set"];
    headings.extend(names.iter().chain(&others).map(String::as_str));
    let mut table = Table::new(&headings);
    for (set, of_set) in sets.iter().zip(measured) {
        let mut cells = vec![set.name.clone()];
        cells.extend(of_set.iter().map(|measured| {
            format!(
                "{:.1} / {:.3}",
                100.0 * mean(&measured.accuracies),
                mean(&measured.losses)
            )
        }));
        let ours = &of_set[0].accuracies;
        cells.extend(
            of_set[1..]
                .iter()
                .map(|other| Paired::new(ours, &other.accuracies).points()),
        );
        table.row(cells);
    }
    let mut cells = vec!["mean".into()];
    let mean_of = |recipe: usize, value: fn(&Measured) -> &Vec<f64>| {
        mean(
            &measured
                .iter()
                .map(|set| mean(value(&set[recipe])))
                .collect::<Vec<_>>(),
        )
    };
    cells.extend((0..RECIPES.len()).map(|recipe| {
        format!(
            "{:.2} / {:.3}",
            100.0 * mean_of(recipe, |measured| &measured.accuracies),
            mean_of(recipe, |measured| &measured.losses)
        )
    }));
    // Over sets, split by split: the splits of all sets with one seed make one trial.
    let trial = |recipe: usize| -> Vec<f64> {
        let splits = measured
            .first()
            .map_or(0, |set| set[recipe].accuracies.len());
        (0..splits)
            .map(|split| {
                mean(
                    &measured
                        .iter()
                        .map(|set| set[recipe].accuracies[split])
                        .collect::<Vec<_>>(),
                )
            })
            .collect()
    };
    cells.extend((1..RECIPES.len()).map(|other| Paired::new(&trial(0), &trial(other)).points()));
    table.row(cells);
    println!(
        "Accuracy in per cent / log loss; differences of accuracy in points ± standard error over the splits:\n"
    );
    table.print();
}
