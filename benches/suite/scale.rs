//! Time and memory with many images, of which there are drawn embeddings only.

use std::time::Instant;

use headstart::Classifier;
use headstart::dataset::{NewImage, Split};
use headstart::head::TrainOptions;
use headstart::image::Views;
use rand::SeedableRng;
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

/// In which embeddings have half of their variance, the first ones the most of it.
const DIRECTIONS: usize = 50;

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

/// Adds embeddings that lie around a centre of their class. As with photos', half of their variance lies in few
/// directions: an optimizer feels that.
fn add(classifier: &mut Classifier, images: usize, classes: usize) -> Result<(), String> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let features = classifier.layout().len();
    let mut draw =
        |count: usize| -> Vec<f32> { (0..count).map(|_| normal(&mut rng) as f32).collect() };
    let (centres, mut directions) = (draw(classes * features), draw(DIRECTIONS * features));
    let harmonic: f32 = (1..=DIRECTIONS).map(|rank| 1.0 / rank as f32).sum();
    for (rank, direction) in directions.chunks_exact_mut(features).enumerate() {
        let variance = 0.5 / harmonic / (rank + 1) as f32;
        direction
            .iter_mut()
            .for_each(|value| *value *= variance.sqrt());
    }
    for image in 0..images {
        let class = image % classes;
        let centre = &centres[class * features..][..features];
        let mut embedding: Vec<f32> = centre
            .iter()
            .map(|value| 3.0 + 0.1 * value + 0.7 * normal(&mut rng) as f32)
            .collect();
        for direction in directions.chunks_exact(features) {
            let size = normal(&mut rng) as f32;
            for (value, along) in embedding.iter_mut().zip(direction) {
                *value += size * along;
            }
        }
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
