//! The network's upper layers trained on a set's training images, and kept only where its validation images speak for
//! it.

use std::path::Path;
use std::time::Instant;

use headstart::Backbone;
use headstart::backbone::network::{Block, Cut, Description};
use headstart::backbone::weights::{Int8Layers, QuantizedWeights};
use headstart::backbone::{FeatureSet, TailWeights};
use headstart::dataset::hold_out;
use headstart::device::{self, cpu_backend};
use headstart::evaluation::Metrics;
use headstart::finetune::{Image, Outcome, Recipe, Role, SHARE, Task, Tuner};
use headstart::head::{Head, softmax};
use headstart::image::{Pixels, Views, append_training_crops, training_crops};
use pollster::block_on;
use serde_json::json;

use crate::arguments::Arguments;
use crate::embedder::weights;
use crate::parallel;
use crate::picture::Picture;
use crate::recipes;
use crate::sets::Set;
use crate::statistics::{deviation, mean};
use crate::table::Table;

/// The share of the training images that decides.
const VALIDATION: f64 = 0.2;

/// A way to fine-tune.
struct Way {
    name: String,
    cut: Cut,
    recipe: Recipe,
}

/// What came out on the images of `val`, by one seed.
struct Measured {
    frozen: [f64; 2],
    tuned: [f64; 2],
    /// The accuracy of the tuned tail and its head alone, which torch is compared with.
    tail_alone: f64,
    kept: bool,
    outcome: Outcome,
    seconds: f64,
}

impl Measured {
    /// Accuracy and log loss of what is kept.
    fn kept(&self) -> [f64; 2] {
        if self.kept { self.tuned } else { self.frozen }
    }
}

pub fn print(sets: &[Set], arguments: &Arguments, progress: &impl Fn(&str)) -> Result<(), String> {
    let network = Network::load()?;
    let ways = ways(arguments)?;
    let mut tables: Vec<Vec<Vec<Measured>>> = ways.iter().map(|_| Vec::new()).collect();
    for set in sets {
        progress(&set.name);
        for (place, way) in ways.iter().enumerate() {
            // Ways that are cut in one place share what the trunk says.
            let views = network.views(set, way.cut)?;
            progress(&format!("{}: {}", set.name, way.name));
            let seeds: Vec<u64> = (0..arguments.seeds).collect();
            let measured = parallel::map(&seeds, |&seed| network.measure(set, way, &views, seed));
            let measured = measured.into_iter().collect::<Result<Vec<_>, _>>()?;
            if let Some(folder) = &arguments.export {
                network.export(folder, set, way, &views, &measured)?;
            }
            for (seed, m) in measured.iter().enumerate() {
                let verdict = &m.outcome.verdict;
                eprintln!(
                    "  seed {seed}: frozen {:.1} {:.3}, tuned {:.1} {:.3}; validation {:.3} -> {:.3}, gain {:.3} ± {:.3}, {}, epoch {} of {}, {:.0} s",
                    100.0 * m.frozen[0],
                    m.frozen[1],
                    100.0 * m.tuned[0],
                    m.tuned[1],
                    verdict.frozen.log_loss,
                    verdict.tuned.log_loss,
                    verdict.gain,
                    verdict.gain_error,
                    if verdict.kept { "kept" } else { "not kept" },
                    verdict.best_epoch,
                    verdict.epochs,
                    m.seconds
                );
            }
            tables[place].push(measured);
        }
    }
    for (way, rows) in ways.iter().zip(&tables) {
        println!("### {}, {} seeds\n", way.name, arguments.seeds);
        print_table(sets, rows);
    }
    Ok(())
}

fn ways(arguments: &Arguments) -> Result<Vec<Way>, String> {
    let default = Recipe::default();
    let or_default = |given: &[f64], default: f64| match given.is_empty() {
        true => vec![default],
        false => given.to_vec(),
    };
    let epochs: Vec<f64> = arguments
        .epochs
        .iter()
        .map(|&epochs| epochs as f64)
        .collect();
    let mut ways = Vec::new();
    for from in &arguments.from {
        for &learning_rate in &or_default(&arguments.rates, default.learning_rate) {
            for &epochs in &or_default(&epochs, default.epochs as f64) {
                ways.push(Way {
                    name: format!("from {from}, rate {learning_rate}, {epochs} epochs"),
                    cut: cut(from)?,
                    recipe: Recipe {
                        learning_rate,
                        epochs: epochs as usize,
                        ..default.clone()
                    },
                });
            }
        }
    }
    Ok(ways)
}

/// The cut before a block of the network, by its name.
fn cut(name: &str) -> Result<Cut, String> {
    let stages = Description::resnet18().stages;
    let all = stages.iter().enumerate().flat_map(|(stage, described)| {
        let blocks = 0..described.blocks.len();
        blocks.map(move |block| (format!("{}.{block}", described.name), Cut { stage, block }))
    });
    let all: Vec<(String, Cut)> = all.collect();
    let found = all.iter().find(|(known, _)| known == name);
    found.map(|(_, cut)| *cut).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        format!(
            "there is no block \"{name}\"; there are: {}.",
            names.join(", ")
        )
    })
}

struct Network {
    backbone: Backbone,
    file: Vec<u8>,
}

impl Network {
    fn load() -> Result<Self, String> {
        let file = weights()?;
        let backbone = Backbone::load(&file, cpu_backend()).map_err(|e| e.to_string())?;
        Ok(Self { backbone, file })
    }

    /// What the trunk says of every image: of its central crop, and of those for training where it is a training image.
    fn views(&self, set: &Set, cut: Cut) -> Result<Vec<Vec<u8>>, String> {
        let (train, _) = set.train_and_val();
        let all: Vec<usize> = (0..set.paths.len()).collect();
        let views = parallel::map(&all, |&place| -> Result<Vec<u8>, String> {
            if train.binary_search(&place).is_err() {
                return Ok(Vec::new());
            }
            let picture = Picture::read(&set.paths[place])?;
            let pixels = Pixels::rgb(&picture.pixels, picture.width, picture.height);
            let crops = pixels.and_then(|pixels| {
                let mut crops = Vec::new();
                Views::Centre.append(&pixels, &mut crops)?;
                append_training_crops(Views::Centre, &pixels, place as u64, &mut crops)?;
                block_on(self.backbone.trunk(&crops, cut))
            });
            crops.map_err(|error| error.to_string())
        });
        views.into_iter().collect()
    }

    fn measure(
        &self,
        set: &Set,
        way: &Way,
        views: &[Vec<u8>],
        seed: u64,
    ) -> Result<Measured, String> {
        let start = Instant::now();
        let (all, val) = set.train_and_val();
        let frozen = recipes::Recipe::Default
            .judge(set, &all, &val, seed)
            .metrics;
        let (train, validation) = hold_out(&set.dataset, &set.units, &all, VALIDATION, seed);
        let outcome = self.tune(set, way, views, [&train, &validation], seed)?;
        let head = recipes::Recipe::Default.fit(set, &all, seed).head;
        let (tuned, tail_alone) = self.judge(set, &head, &outcome, &val)?;
        let pair = |metrics: &Metrics| [metrics.accuracy(), metrics.log_loss];
        Ok(Measured {
            frozen: pair(&frozen),
            tuned: pair(&tuned),
            tail_alone,
            kept: outcome.verdict.kept,
            outcome,
            seconds: start.elapsed().as_secs_f64(),
        })
    }

    /// What torch needs to do the same: the task, the views of its images one after the other, those of the images of
    /// `val`, and what came out here.
    fn export(
        &self,
        folder: &Path,
        set: &Set,
        way: &Way,
        views: &[Vec<u8>],
        measured: &[Measured],
    ) -> Result<(), String> {
        let (all, val) = set.train_and_val();
        let (train, validation) = hold_out(&set.dataset, &set.units, &all, VALIDATION, 0);
        let task = self.task(set, way, [&train, &validation], 0)?;
        let views: Vec<&[u8]> = train
            .iter()
            .chain(&validation)
            .map(|&place| views[place].as_slice())
            .collect();
        let mut of_val = Vec::new();
        for &place in &val {
            let crop = central_crop(&set.paths[place])?;
            let view = block_on(self.backbone.trunk(&crop, way.cut));
            of_val.extend(view.map_err(|error| error.to_string())?);
        }
        let results: Vec<_> = measured.iter().map(|m| m.tail_alone).collect();
        let classes: Vec<usize> = val.iter().map(|&place| set.class(place)).collect();
        let described = json!({ "classes": classes, "tailAlone": results });
        let task = task.to_bytes().map_err(|error| error.to_string())?;
        for (name, bytes) in [
            ("task.safetensors", task),
            ("views.bin", views.concat()),
            ("val.bin", of_val),
            ("val.json", described.to_string().into_bytes()),
        ] {
            let file = folder.join(format!("{}.{name}", set.name));
            std::fs::write(&file, bytes)
                .map_err(|error| format!("{} cannot be written: {error}.", file.display()))?;
        }
        Ok(())
    }

    fn tune(
        &self,
        set: &Set,
        way: &Way,
        views: &[Vec<u8>],
        [train, validation]: [&[usize]; 2],
        seed: u64,
    ) -> Result<Outcome, String> {
        let places: Vec<usize> = train.iter().chain(validation).copied().collect();
        let task = self.task(set, way, [train, validation], seed)?;
        let len = task.trunk().bytes();
        let mut tuner = Tuner::start(task, &device::cpu()).map_err(|e| e.to_string())?;
        while !tuner.wanted().is_empty() {
            let wanted = tuner.wanted().iter();
            let bytes: Vec<&[u8]> = wanted
                .map(|view| &views[places[view.image]][view.view * len..][..len])
                .collect();
            block_on(tuner.step(&bytes.concat())).map_err(|e| e.to_string())?;
        }
        tuner.outcome().cloned().map_err(|e| e.to_string())
    }

    fn task(
        &self,
        set: &Set,
        way: &Way,
        [train, validation]: [&[usize]; 2],
        seed: u64,
    ) -> Result<Task, String> {
        let frozen = recipes::Recipe::Default.fit(set, train, seed);
        let of_tail = recipes::Recipe::LastLayer.fit(set, train, seed);
        let rows = set.rows(validation, FeatureSet::All);
        let places: Vec<(usize, Role)> = train
            .iter()
            .map(|&place| (place, Role::Train))
            .chain(validation.iter().map(|&place| (place, Role::Validation)))
            .collect();
        let network = self.backbone.network();
        Ok(Task {
            network: network.clone(),
            tail: tail(&self.file, network, way.cut)?,
            head: of_tail.head,
            frozen: frozen.head.calibrated_logits(&rows.embeddings),
            images: places
                .iter()
                .map(|&(place, role)| Image {
                    class: set.class(place),
                    role,
                    embedded: 1,
                    views: 1 + training_crops(Views::Centre),
                })
                .collect(),
            recipe: Recipe {
                balanced: frozen.summary.balanced,
                seed,
                ..way.recipe.clone()
            },
        })
    }

    /// What the tuned network and the head on the network as it is, fitted on all training images, say of images.
    fn judge(
        &self,
        set: &Set,
        frozen: &Head,
        outcome: &Outcome,
        val: &[usize],
    ) -> Result<(Metrics, f64), String> {
        let tuned = self.backbone.with_tail(&outcome.tail);
        let tuned = tuned.map_err(|e| e.to_string())?;
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for &place in val {
            let crop = central_crop(&set.paths[place])?;
            let features = block_on(tuned.run(&crop, false));
            let embedding = features.map_err(|e| e.to_string())?.embeddings;
            let (of_network, of_tail) = embedding.split_at(frozen.features());
            before.extend(of_network);
            after.extend(of_tail);
        }
        let mut logits = outcome.head.logits(&after);
        let alone: Vec<_> = logits.chunks_exact(set.classes()).map(softmax).collect();
        for (sum, frozen) in logits.iter_mut().zip(frozen.calibrated_logits(&before)) {
            *sum += (1.0 - SHARE) as f32 * frozen;
        }
        let rows = logits.chunks_exact(set.classes());
        let probabilities: Vec<_> = rows.map(|row| outcome.head.to_probabilities(row)).collect();
        let classes = set.rows(val, FeatureSet::All).classes;
        let alone = Metrics::measure(&classes, &alone, set.classes());
        let together = Metrics::measure(&classes, &probabilities, set.classes());
        Ok((together, alone.accuracy()))
    }
}

fn central_crop(path: &Path) -> Result<Vec<u8>, String> {
    let picture = Picture::read(path)?;
    let mut crop = Vec::new();
    Pixels::rgb(&picture.pixels, picture.width, picture.height)
        .and_then(|pixels| Views::Centre.append(&pixels, &mut crop))
        .map_err(|error| error.to_string())?;
    Ok(crop)
}

/// The weights of a tail that begins elsewhere than the network's own.
fn tail(file: &[u8], network: &Description, cut: Cut) -> Result<TailWeights, String> {
    let tail = QuantizedWeights::parse(file).and_then(|weights| {
        let stages = network.tail(cut);
        let blocks = stages.iter().flat_map(|stage| &stage.blocks);
        let layers = blocks.flat_map(Block::convolutions);
        let layers = layers.map(|layer| weights.conv_int8(layer));
        TailWeights::new(network, cut, layers.collect::<headstart::Result<_>>()?)
    });
    tail.map_err(|error| error.to_string())
}

fn print_table(sets: &[Set], rows: &[Vec<Measured>]) {
    let mut table = Table::new(&[
        "set",
        "frozen",
        "tuned",
        "kept",
        "kept − frozen",
        "kept of seeds",
        "best epoch",
        "seconds",
    ]);
    let of = |measured: &[Measured], value: &dyn Fn(&Measured) -> f64| -> Vec<f64> {
        measured.iter().map(value).collect()
    };
    let pair = |measured: &[Measured], value: &dyn Fn(&Measured) -> [f64; 2]| {
        let accuracy = mean(&of(measured, &|m| value(m)[0]));
        let loss = mean(&of(measured, &|m| value(m)[1]));
        [accuracy, loss]
    };
    let cell = |[accuracy, loss]: [f64; 2]| format!("{:.1} / {loss:.3}", 100.0 * accuracy);
    let mut sums = [[0.0; 2]; 3];
    for (set, measured) in sets.iter().zip(rows) {
        let values = [
            pair(measured, &|m| m.frozen),
            pair(measured, &|m| m.tuned),
            pair(measured, &Measured::kept),
        ];
        for (sum, value) in sums.iter_mut().zip(values) {
            sum.iter_mut()
                .zip(value)
                .for_each(|(sum, value)| *sum += value);
        }
        let gains = of(measured, &|m| 100.0 * (m.kept()[0] - m.frozen[0]));
        let kept = measured.iter().filter(|m| m.kept).count();
        table.row(vec![
            set.name.clone(),
            cell(values[0]),
            cell(values[1]),
            cell(values[2]),
            format!("{:+.1} ± {:.1}", mean(&gains), deviation(&gains)),
            format!("{kept} of {}", measured.len()),
            format!(
                "{:.1}",
                mean(&of(measured, &|m| m.outcome.verdict.best_epoch as f64))
            ),
            format!("{:.0}", mean(&of(measured, &|m| m.seconds))),
        ]);
    }
    let means = sums.map(|sum| sum.map(|sum| sum / sets.len() as f64));
    table.row(vec![
        "mean".into(),
        cell(means[0]),
        cell(means[1]),
        cell(means[2]),
        format!("{:+.2}", 100.0 * (means[2][0] - means[0][0])),
        String::new(),
        String::new(),
        String::new(),
    ]);
    table.print();
}
