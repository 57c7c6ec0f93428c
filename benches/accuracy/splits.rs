//! Repeated splits of all photos: is the default head the best at every number of images?

use headstart::dataset::{hold_out, shuffled_places};
use headstart::evaluation::Metrics;
use headstart::image::Views;

use crate::parallel;
use crate::photos::{Collection, LABELS, Photos};
use crate::recipes::Recipe;
use crate::statistics::{Paired, deviation, mean};
use crate::table::Table;

const SEEDS: u64 = 20;
const TEST_SHARE: f64 = 0.2;
/// Training images per class.
pub const SIZES: [Option<usize>; 4] = [Some(5), Some(10), Some(20), None];
const RECIPES: [Recipe; 4] = [
    Recipe::Default,
    Recipe::Classic,
    Recipe::TeachableMachine,
    Recipe::Adam,
];

/// Photos to learn from and to be judged on.
pub struct Parts {
    pub seed: u64,
    pub train: Vec<usize>,
    pub test: Vec<usize>,
}

/// The splits, each with so many training images per class: the fewer are among the more, and the test
/// images are the same. Near-duplicates stand on one side.
pub fn parts(photos: &Collection, size: Option<usize>) -> Vec<Parts> {
    let Collection { dataset, groups } = photos;
    let of_seed = |seed| {
        let (mut train, test) = hold_out(dataset, groups, &photos.all(), TEST_SHARE, seed);
        if let Some(size) = size {
            let places = shuffled_places(dataset, &train, seed);
            let mut order: Vec<usize> = (0..train.len()).collect();
            order.sort_by_key(|&image| places[image]);
            let of_class = |class: usize| {
                let ids = order.iter().map(|&image| train[image]);
                ids.filter(move |&id| dataset.samples()[id].class == class)
                    .take(size)
            };
            train = (0..LABELS.len()).flat_map(of_class).collect();
        }
        Parts { seed, train, test }
    };
    (0..SEEDS).map(of_seed).collect()
}

pub fn size_name(size: Option<usize>) -> String {
    size.map_or("all".into(), |size| size.to_string())
}

/// Accuracies and log losses of a recipe, by split.
pub struct Measured {
    pub accuracy: Vec<f64>,
    pub log_loss: Vec<f64>,
}

impl Measured {
    pub fn new(metrics: &[Metrics]) -> Self {
        Self {
            accuracy: metrics.iter().map(Metrics::accuracy).collect(),
            log_loss: metrics.iter().map(|metrics| metrics.log_loss).collect(),
        }
    }

    pub fn accuracy_cell(&self) -> String {
        let (mean, deviation) = (mean(&self.accuracy), deviation(&self.accuracy));
        format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * deviation)
    }
}

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let collection = photos.collection(Views::Centre);
    let names = RECIPES.map(Recipe::name);
    let mut headings = vec!["images per class"];
    headings.extend(names.iter().map(String::as_str));
    let mut accuracies = Table::new(&headings);
    let mut losses = Table::new(&headings);
    let mut verdicts = Table::new(&[
        "images per class",
        "best other",
        "default − best other, points",
        "the default is",
    ]);
    for size in SIZES {
        let parts = parts(&collection, size);
        let measured = RECIPES.map(|recipe| {
            let judge =
                |part: &Parts| recipe.judge(&collection, &part.train, &part.test, part.seed);
            Measured::new(&parallel::map(&parts, judge))
        });
        let name = || vec![size_name(size)];
        let cells = measured.iter().map(Measured::accuracy_cell);
        accuracies.row(name().into_iter().chain(cells).collect());
        let cells = measured
            .iter()
            .map(|measured| format!("{:.4}", mean(&measured.log_loss)));
        losses.row(name().into_iter().chain(cells).collect());
        let accuracy = |place: usize| mean(&measured[place].accuracy);
        let best = (1..RECIPES.len())
            .max_by(|&a, &b| accuracy(a).total_cmp(&accuracy(b)))
            .expect("there are others");
        let gain = Paired::new(&measured[0].accuracy, &measured[best].accuracy);
        verdicts.row(vec![
            size_name(size),
            names[best].clone(),
            gain.points(),
            gain.verdict().into(),
        ]);
    }
    println!("Accuracy in per cent, mean ± standard deviation:\n");
    accuracies.print();
    println!("Log loss, mean:\n");
    losses.print();
    println!("Paired difference in accuracy ± standard error:\n");
    verdicts.print();
    Ok(())
}
