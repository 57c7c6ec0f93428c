//! A handful of images of each class: the default against others, over all sets.

use headstart::head::FEW_PER_CLASS;

use crate::parallel;
use crate::recipes::{RECIPES, Recipe};
use crate::sets::Set;
use crate::splits::split;
use crate::statistics::mean;
use crate::table::Table;

const DRAWS: u64 = 20;
/// With fewer images than the crate calls few, nothing is chosen by cross-validation.
const SIZES: [usize; FEW_PER_CLASS - 1] = [1, 2, 3, 4];

pub fn print(sets: &[Set]) {
    let mut recipes = RECIPES.to_vec();
    recipes.extend([0.01, 0.1, 1.0].map(Recipe::L2));
    let mut headings = vec!["head".to_owned()];
    headings.extend(SIZES.map(|size| format!("{size} of each class")));
    let mut table = Table::new(&headings.iter().map(String::as_str).collect::<Vec<_>>());
    let trials: Vec<(usize, u64)> = (0..sets.len())
        .flat_map(|set| (0..DRAWS).map(move |draw| (set, draw)))
        .collect();
    for recipe in recipes {
        let mut cells = vec![recipe.name()];
        for size in SIZES {
            let results = parallel::map(&trials, |&(set, draw)| {
                let parts = split(&sets[set], Some(size), draw);
                let judged = recipe.judge(&sets[set], &parts.train, &parts.test, draw);
                (judged.metrics.accuracy(), judged.metrics.log_loss)
            });
            let (accuracies, losses): (Vec<f64>, Vec<f64>) = results.into_iter().unzip();
            cells.push(format!(
                "{:.2} / {:.3}",
                100.0 * mean(&accuracies),
                mean(&losses)
            ));
        }
        table.row(cells);
    }
    println!(
        "Accuracy in per cent / log loss, mean over {} sets and {DRAWS} draws of each:\n",
        sets.len()
    );
    table.print();
}
