//! Is it worth embedding more of an image than its central crop?

use headstart::evaluation::Metrics;
use headstart::head::{LabelledEmbeddings, TrainOptions, TrainingData};
use headstart::image::Views;

use crate::parallel;
use crate::photos::{Collection, LABELS, Photos};
use crate::recipes::{self, Recipe};
use crate::splits::{Measured, Parts, SIZES, parts, size_name};
use crate::statistics::{Paired, mean};
use crate::table::Table;

/// What an image is learned from and judged on.
#[derive(Clone, Copy)]
enum Variant {
    /// The mean of the views' embeddings.
    Averaged(Views),
    /// Its central crop and the mirror image, each a training image; judged on the central crop.
    BothLearned,
    /// The same, judged on the mean of both.
    BothLearnedAndAveraged,
}

const VARIANTS: [(&str, Variant); 5] = [
    ("centre", Variant::Averaged(Views::Centre)),
    ("flip", Variant::Averaged(Views::Flip)),
    ("crops", Variant::Averaged(Views::Crops)),
    ("both learned, centre judged", Variant::BothLearned),
    ("both learned, mean judged", Variant::BothLearnedAndAveraged),
];

pub fn print(photos: &mut Photos) -> Result<(), String> {
    let photos = &*photos;
    let centre = photos.collection(Views::Centre);
    let flip = photos.collection(Views::Flip);
    let crops = photos.collection(Views::Crops);
    let judge = |variant: Variant, part: &Parts| match variant {
        Variant::Averaged(views) => {
            let collection = match views {
                Views::Centre => &centre,
                Views::Flip => &flip,
                Views::Crops => &crops,
            };
            Recipe::Default.judge(collection, &part.train, &part.test, part.seed)
        }
        Variant::BothLearned => both_learned(photos, &centre, &centre, part),
        Variant::BothLearnedAndAveraged => both_learned(photos, &centre, &flip, part),
    };
    let mut table = Table::new(&[
        "images per class",
        "views",
        "accuracy",
        "log loss",
        "accuracy − centre's, points",
        "log loss − centre's",
    ]);
    for size in SIZES {
        let parts = parts(&centre, size);
        let measured = VARIANTS
            .map(|(_, variant)| Measured::new(&parallel::map(&parts, |part| judge(variant, part))));
        for ((name, _), variant) in VARIANTS.iter().zip(&measured) {
            let gain = Paired::new(&variant.accuracy, &measured[0].accuracy);
            let loss = Paired::new(&variant.log_loss, &measured[0].log_loss);
            table.row(vec![
                size_name(size),
                name.to_string(),
                variant.accuracy_cell(),
                format!("{:.4}", mean(&variant.log_loss)),
                gain.points(),
                format!("{:+.4} ± {:.4}", loss.mean, loss.error),
            ]);
        }
    }
    table.print();
    Ok(())
}

/// Both views of an image stand in one fold.
fn both_learned(
    photos: &Photos,
    centre: &Collection,
    judged: &Collection,
    part: &Parts,
) -> Metrics {
    let options = TrainOptions {
        seed: Some(part.seed as f64),
        ..TrainOptions::default()
    };
    let once = recipes::data(centre, &part.train, &options);
    let mirrored = part
        .train
        .iter()
        .flat_map(|&id| photos.labelled[id].mirrored());
    let twice = TrainingData {
        train: LabelledEmbeddings {
            embeddings: once
                .train
                .embeddings
                .iter()
                .chain(mirrored)
                .copied()
                .collect(),
            classes: once.train.classes.repeat(2),
        },
        folds: once.folds.repeat(2),
        validation: LabelledEmbeddings::default(),
    };
    let rows = judged.rows(&part.test);
    let probabilities = recipes::probabilities(&recipes::fit(&twice, &options), &rows.embeddings);
    Metrics::measure(&rows.classes, &probabilities, LABELS.len())
}
