//! Time and memory with many images, of which there are drawn embeddings only.

use std::time::Instant;

use headstart::Classifier;
use headstart::dataset::{NewImage, Split};
use headstart::head::TrainOptions;
use headstart::image::Views;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::embedder::Embedder;
use crate::table::Table;
use crate::teachable_machine::normal;

/// Images, and classes.
const SIZES: [(usize, usize); 5] = [
    (1_000, 10),
    (1_000, 200),
    (10_000, 10),
    (10_000, 200),
    (50_000, 200),
];

pub fn print() -> Result<(), String> {
    let embedder = Embedder::load()?;
    let mut table = Table::new(&[
        "images",
        "classes",
        "adding",
        "training",
        "longest step",
        "evaluating",
        "saving",
        "L2",
        "converged",
        "accuracy",
    ]);
    for (images, classes) in SIZES {
        eprintln!("{images} images of {classes} classes");
        let mut classifier = Classifier::new(embedder.backbone().clone(), Views::Centre);
        let mut clock = Clock::start();
        add(&mut classifier, images, classes)?;
        let adding = clock.lap();
        let options = TrainOptions::default();
        classifier
            .start_training(&options)
            .map_err(|e| e.to_string())?;
        let (mut longest, mut step) = (clock.peek(), Clock::start());
        while classifier
            .train_epoch()
            .map_err(|e| e.to_string())?
            .is_some()
        {
            longest = longest.max(step.lap());
        }
        let training = clock.lap();
        let report = classifier.evaluate().map_err(|e| e.to_string())?;
        let evaluating = clock.lap();
        classifier.export_project().map_err(|e| e.to_string())?;
        let saving = clock.lap();
        let seconds = |time: f64| format!("{time:.2} s");
        table.row(vec![
            images.to_string(),
            classes.to_string(),
            seconds(adding),
            seconds(training),
            seconds(longest.max(step.lap())),
            seconds(evaluating),
            seconds(saving),
            format!("{:.1e}", report.head.summary.l2),
            report.head.summary.converged.to_string(),
            format!("{:.3}", report.accuracy),
        ]);
    }
    table.print();
    Ok(())
}

/// Adds embeddings that lie around a centre of their class, as far apart as photos' do.
fn add(classifier: &mut Classifier, images: usize, classes: usize) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let features = classifier.layout().len();
    let centres: Vec<f32> = (0..classes * features)
        .map(|_| normal(&mut rng) as f32)
        .collect();
    for image in 0..images {
        let class = image % classes;
        let centre = &centres[class * features..][..features];
        // What photos have in common beside their class lies in a few directions.
        let common = rng.random_range(-1.0..1.0_f32);
        let embedding: Vec<f32> = centre
            .iter()
            .map(|value| (1.0 + 0.15 * value + 0.3 * common + 0.6 * normal(&mut rng) as f32).abs())
            .collect();
        let (name, label) = (format!("{image}.jpg"), format!("class {class}"));
        let new = NewImage {
            split: Split::Auto,
            ..NewImage::new(&name, &name, &label, &embedding)
        };
        classifier
            .dataset
            .add(new)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since the last lap.
    fn lap(&mut self) -> f64 {
        let seconds = self.peek();
        self.0 = Instant::now();
        seconds
    }

    fn peek(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
