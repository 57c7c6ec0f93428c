//! Training the network's upper layers: gradients, what a tuned tail gives, and the way of a classifier through it.

use std::sync::LazyLock;

use crate::support::stripes::{SIDE, add, classifier, predict, predictions, stripes, top, train};
use crate::support::{BACKBONE, CROPS, FEATURES, LAST, relative_l2};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};
use headstart::backbone::TrunkView;
use headstart::dataset::Split;
use headstart::evaluation::Report;
use headstart::finetune::tuner::{Window, convolution};
use headstart::finetune::{Image, Outcome, Recipe, Role, Task, Tuner, View};
use headstart::head::{Method, Phase, TrainOptions};
use headstart::{Classifier, Error, Prediction, device};
use pollster::block_on;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn random(count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..count).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

/// A convolution of random sizes with random numbers, and a random direction of what comes out.
struct Case {
    window: Window,
    /// `[channels_in, images, height, width]`
    shape: [usize; 4],
    channels_out: usize,
    maps: Vec<f32>,
    weight: Vec<f32>,
    direction: Vec<f32>,
}

impl Case {
    fn draw(rng: &mut ChaCha8Rng) -> Self {
        let window = Window {
            kernel: [1, 3, 5][rng.random_range(0..3)],
            stride: rng.random_range(1..=3),
        };
        let shape = [0; 4].map(|_| rng.random_range(1..=8));
        let channels_out = rng.random_range(1..=6);
        let [channels, images, height, width] = shape;
        let outputs = channels_out * images * window.output(height) * window.output(width);
        Self {
            maps: random(shape.iter().product(), rng),
            weight: random(channels_out * channels * window.taps(), rng),
            direction: random(outputs, rng),
            window,
            shape,
            channels_out,
        }
    }

    fn weight_shape(&self) -> [usize; 4] {
        let side = self.window.kernel;
        [self.channels_out, self.shape[0], side, side]
    }

    fn output_shape(&self) -> [usize; 4] {
        let [_, images, height, width] = self.shape;
        let [down, across] = [height, width].map(|side| self.window.output(side));
        [self.channels_out, images, down, across]
    }

    /// What comes out, and how its product with the direction grows with maps and weights.
    fn ours(&self) -> [Vec<f32>; 3] {
        let device = device::cpu().autodiff();
        let maps = tensor(&self.maps, self.shape, &device).require_grad();
        let weight = tensor(&self.weight, self.weight_shape(), &device).require_grad();
        let output = convolution(maps.clone(), weight.clone(), self.window);
        assert_eq!(output.dims(), self.output_shape());
        let direction = tensor(&self.direction, self.output_shape(), &device);
        let gradients = (output.clone() * direction).sum().backward();
        [
            values(output),
            values(maps.grad(&gradients).unwrap()),
            values(weight.grad(&gradients).unwrap()),
        ]
    }

    /// The same by burn's own convolution, which has images before channels.
    fn by_burn(&self) -> [Vec<f32>; 3] {
        let device = device::cpu().autodiff();
        let maps = tensor(&self.maps, self.shape, &device).require_grad();
        let weight = tensor(&self.weight, self.weight_shape(), &device).require_grad();
        let Window { kernel, stride } = self.window;
        let options = ConvOptions::new([stride; 2], [kernel / 2; 2], [1; 2], 1);
        let turned = maps.clone().swap_dims(0, 1);
        let output = conv2d(turned, weight.clone(), None, options).swap_dims(0, 1);
        let direction = tensor(&self.direction, self.output_shape(), &device);
        let gradients = (output.clone() * direction).sum().backward();
        [
            values(output),
            values(maps.grad(&gradients).unwrap()),
            values(weight.grad(&gradients).unwrap()),
        ]
    }

    /// The product with the direction, in f64, by the definition of a convolution.
    fn product(&self, maps: &[f64], weight: &[f64]) -> f64 {
        let [channels, images, height, width] = self.shape;
        let [_, _, down, across] = self.output_shape();
        let Window { kernel, stride } = self.window;
        let mut sum = 0.0;
        for (place, direction) in self.direction.iter().enumerate() {
            let (x, y) = (place % across, place / across % down);
            let (image, out) = (
                place / (across * down) % images,
                place / (across * down * images),
            );
            for channel in 0..channels {
                for tap in 0..kernel * kernel {
                    let row = (y * stride + tap / kernel).wrapping_sub(kernel / 2);
                    let column = (x * stride + tap % kernel).wrapping_sub(kernel / 2);
                    if row < height && column < width {
                        let under = ((channel * images + image) * height + row) * width + column;
                        let of = (out * channels + channel) * kernel * kernel + tap;
                        sum += f64::from(*direction) * maps[under] * weight[of];
                    }
                }
            }
        }
        sum
    }
}

#[test]
fn convolutions_and_both_their_gradients_are_those_of_burns_own() {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for _ in 0..60 {
        let case = Case::draw(&mut rng);
        for (ours, theirs) in case.ours().iter().zip(case.by_burn()) {
            let error = relative_l2(ours, &theirs);
            assert!(
                error < 1e-5,
                "{:?} of {:?}: {error}",
                case.window,
                case.shape
            );
        }
    }
}

#[test]
fn gradients_are_what_finite_differences_say() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..20 {
        let case = Case::draw(&mut rng);
        let [_, of_maps, of_weight] = case.ours();
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        let (maps, weight) = (wide(&case.maps), wide(&case.weight));
        let slope = |values: &[f64], at: usize, product: &dyn Fn(&[f64]) -> f64| {
            let moved = |by: f64| {
                let mut moved = values.to_vec();
                moved[at] += by;
                product(&moved)
            };
            (moved(1e-3) - moved(-1e-3)) / 2e-3
        };
        let differences = |values: &[f64], product: &dyn Fn(&[f64]) -> f64| -> Vec<f32> {
            let slopes = (0..values.len()).map(|at| slope(values, at, product) as f32);
            slopes.collect()
        };
        let by_maps = differences(&maps, &|maps| case.product(maps, &weight));
        let by_weight = differences(&weight, &|weight| case.product(&maps, weight));
        // Nothing lies under a window that has a larger stride than the map is wide.
        for (ours, expected) in [(&of_maps, by_maps), (&of_weight, by_weight)] {
            if expected.iter().any(|slope| slope.abs() > 1e-6) {
                assert!(relative_l2(ours, &expected) < 1e-3);
            }
        }
    }
}

/// What the trunk says of the drawn crops, whose first twenty are ten of each of two classes.
static VIEWS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let cut = BACKBONE.network().cut;
    let views = CROPS[..20].iter().map(|crop| BACKBONE.trunk(crop, cut));
    views.map(|view| block_on(view).unwrap()).collect()
});

/// Two classes of drawn crops, each of which is there to learn from and to decide by, and a head that knows nothing.
fn task() -> Task {
    let labels = vec!["one".to_owned(), "other".to_owned()];
    let image = |(place, role): (usize, Role)| Image {
        class: place / 10,
        role,
        embedded: 1,
        views: 1,
    };
    let images = (0..20).map(|place| (place, Role::Train));
    let images = images.chain((0..20).map(|place| (place, Role::Validation)));
    Task {
        network: BACKBONE.network().clone(),
        tail: BACKBONE.tail().clone(),
        head: headstart::head::Head::blank(labels, LAST),
        frozen: vec![0.0; 40],
        images: images.map(image).collect(),
        recipe: Recipe {
            epochs: 6,
            batch_size: 4,
            ..Recipe::default()
        },
    }
}

fn run(mut tuner: Tuner, view: impl Fn(View) -> Vec<u8>) -> Outcome {
    let mut done = 0.0;
    while !tuner.wanted().is_empty() {
        let views: Vec<Vec<u8>> = tuner.wanted().iter().map(|&wanted| view(wanted)).collect();
        let step = block_on(tuner.step(&views.concat())).unwrap();
        assert!(
            step.done >= done && step.done <= 1.0,
            "{step:?} after {done}"
        );
        assert!((1..=step.epochs).contains(&step.epoch), "{step:?}");
        done = step.done;
    }
    assert_eq!(done, 1.0);
    tuner.outcome().unwrap().clone()
}

static TUNED: LazyLock<Outcome> = LazyLock::new(|| {
    let tuner = Tuner::start(task(), &device::cpu()).unwrap();
    run(tuner, |View { image, .. }| VIEWS[image % 20].clone())
});

#[test]
fn what_is_learned_is_kept_and_better() {
    let verdict = &TUNED.verdict;
    assert!(
        verdict.kept && verdict.gain > verdict.gain_error,
        "{verdict:?}"
    );
    assert!(
        verdict.tuned.log_loss < 0.5 * verdict.frozen.log_loss,
        "{verdict:?}"
    );
    assert_eq!(verdict.frozen.log_loss, 2.0_f64.ln());
    assert_eq!((verdict.images, verdict.epochs), (20, 6));
}

#[test]
fn the_tuned_tail_gives_what_the_kernels_make_of_its_weights() {
    let tuned = BACKBONE.with_tail(&TUNED.tail).unwrap();
    let mut moved = 0.0_f64;
    for (place, crop) in CROPS[..20].iter().enumerate() {
        let by_kernels = block_on(tuned.run(crop, false)).unwrap().embeddings;
        let by_tuner = &TUNED.features[place * LAST..][..LAST];
        // Maps are kept in 16 bits.
        let error = relative_l2(by_tuner, &by_kernels[FEATURES..]);
        assert!(error < 2e-3, "{place}: {error}");
        let before = block_on(BACKBONE.run(crop, false)).unwrap().embeddings;
        assert_eq!(before, by_kernels[..FEATURES]);
        moved += relative_l2(&before[FEATURES - LAST..], &by_kernels[FEATURES..]);
    }
    assert!(moved > 0.1, "nothing was trained: {moved}");
}

#[test]
fn the_same_task_gives_the_same_tail() {
    let again = Tuner::start(task(), &device::cpu()).unwrap();
    let again = run(again, |View { image, .. }| VIEWS[image % 20].clone());
    assert_eq!(again.tail, TUNED.tail);
    assert_eq!(again.verdict, TUNED.verdict);
}

#[test]
fn a_task_and_an_outcome_come_out_of_their_files_as_they_went_in() {
    let task = task();
    let bytes = task.to_bytes().unwrap();
    let read = Task::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes().unwrap(), bytes);
    assert_eq!(
        (read.images, read.recipe),
        (task.images.clone(), task.recipe.clone())
    );
    let bytes = TUNED.to_bytes().unwrap();
    let network = BACKBONE.network();
    let read = Outcome::from_bytes(&bytes, network, 40).unwrap();
    assert_eq!(read.to_bytes().unwrap(), bytes);
    for damaged in [&bytes[..bytes.len() / 2], b"", &task.to_bytes().unwrap()] {
        let error = Outcome::from_bytes(damaged, network, 40).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
    assert!(Task::from_bytes(&bytes).is_err());
    // As many rows as images took part.
    assert!(Outcome::from_bytes(&bytes, network, 39).is_err());
}

#[test]
fn views_of_another_length_and_a_head_of_another_length_are_refused() {
    let mut tuner = Tuner::start(task(), &device::cpu()).unwrap();
    let error = block_on(tuner.step(&[0; 5])).unwrap_err();
    assert_eq!(error.code(), "INVALID_ARGUMENT");
    assert!(error.to_string().contains("5 bytes"), "{error}");
    let odd = Task {
        head: headstart::head::Head::blank(vec!["a".into(), "b".into()], 100),
        ..task()
    };
    let Err(error) = Tuner::start(odd, &device::cpu()) else {
        panic!("it was taken");
    };
    assert!(error.to_string().contains("100 features"), "{error}");
}

fn options() -> TrainOptions {
    TrainOptions {
        method: Some(Method::Finetune),
        epochs: Some(1.0),
        ..TrainOptions::default()
    }
}

/// Trains until the tuner is wanted, and gives the phases that were gone through.
fn train_to_views(classifier: &mut Classifier) -> Vec<Phase> {
    classifier.start_training(&options()).unwrap();
    let mut phases = Vec::new();
    while !classifier.awaits_views() {
        phases.push(classifier.train_epoch().unwrap().unwrap().phase);
    }
    phases
}

/// What the tuner makes of the classifier's task; kept, whatever it says.
fn tune(classifier: &Classifier) -> Outcome {
    let ids = classifier.tuning_images();
    let trunk = TrunkView::new(BACKBONE.network(), BACKBONE.network().cut).bytes();
    let views = ids.iter().map(|&id| {
        let samples = classifier.dataset.samples();
        let name = &samples.iter().find(|sample| sample.id == id).unwrap().name;
        let crops = classifier.tuning_views(id, name, &picture(name), [SIDE, SIDE]);
        block_on(BACKBONE.trunk(&crops.unwrap(), BACKBONE.network().cut)).unwrap()
    });
    let views: Vec<Vec<u8>> = views.collect();
    let task = classifier.tuning_task().unwrap();
    for (image, views) in task.images.iter().zip(&views) {
        assert_eq!(views.len(), image.views * trunk);
    }
    let tuner = Tuner::start(task.clone(), &device::cpu()).unwrap();
    let view = |View { image, view }: View| views[image][view * trunk..][..trunk].to_vec();
    let mut outcome = run(tuner, view);
    if !outcome.verdict.kept {
        outcome.verdict.kept = true;
        let tuned = BACKBONE.with_tail(&outcome.tail).unwrap();
        for &id in &ids {
            let samples = classifier.dataset.samples();
            let name = &samples.iter().find(|sample| sample.id == id).unwrap().name;
            let crops = classifier.tuning_views(id, name, &picture(name), [SIDE, SIDE]);
            let run = block_on(tuned.run(&crops.unwrap()[..CROPS[0].len()], false));
            outcome
                .features
                .extend(&run.unwrap().embeddings[FEATURES..]);
        }
    }
    outcome
}

/// The pixels of a stripes image by its name, "across-3.png".
fn picture(name: &str) -> Vec<u8> {
    let (label, number) = name.trim_end_matches(".png").split_once('-').unwrap();
    stripes(label == "down", number.parse().unwrap())
}

fn finish(classifier: &mut Classifier) -> Report {
    while classifier.train_epoch().unwrap().is_some() {}
    classifier.evaluate().unwrap()
}

/// Predictions and report of a tuned classifier, with its files.
fn tuned() -> Classifier {
    let mut classifier = classifier();
    train_to_views(&mut classifier);
    let outcome = tune(&classifier);
    classifier.finish_tuning(outcome).unwrap();
    finish(&mut classifier);
    classifier
}

fn ask(classifier: &mut Classifier) -> Vec<Prediction> {
    predictions(classifier, 2)
}

#[test]
fn the_frozen_head_is_there_while_the_tuner_works_and_after_it_gave_up() {
    let mut plain = classifier();
    train(&mut plain);
    let expected = ask(&mut plain);
    let mut classifier = classifier();
    let phases = train_to_views(&mut classifier);
    assert!(phases.contains(&Phase::Fit));
    assert_eq!(phases.last(), Some(&Phase::Views));
    assert_eq!(ask(&mut classifier), expected);
    // It waits for the tuner.
    assert_eq!(
        classifier.train_epoch().unwrap_err().code(),
        "TRAINING_IN_PROGRESS"
    );
    classifier.abandon_tuning();
    let report = finish(&mut classifier);
    assert_eq!(report, plain.evaluate().unwrap());
    assert_eq!(report.finetune, None);
    // Cancelling leaves it too.
    train_to_views(&mut classifier);
    classifier.cancel_training();
    assert_eq!(ask(&mut classifier), expected);
    assert!(classifier.tuning_images().is_empty());
}

#[test]
fn an_outcome_that_is_no_better_is_told_and_not_taken() {
    let mut classifier = classifier();
    train_to_views(&mut classifier);
    let frozen = ask(&mut classifier);
    let mut outcome = tune(&classifier);
    outcome.verdict.kept = false;
    classifier.finish_tuning(outcome.clone()).unwrap();
    let report = finish(&mut classifier);
    assert_eq!(report.finetune, Some(outcome.verdict));
    assert_eq!(report.head.summary.method, Method::Lbfgs);
    assert!(classifier.tail().is_none());
    assert_eq!(ask(&mut classifier), frozen);
}

#[test]
fn a_tuned_classifier_predicts_and_judges_by_its_tail() {
    let mut classifier = tuned();
    let report = classifier.evaluate().unwrap();
    assert_eq!(report.head.summary.method, Method::Finetune);
    assert!(report.finetune.as_ref().is_some_and(|verdict| verdict.kept));
    // What heads on the network as it came said of the training images is no opinion on this one.
    assert_eq!(report.cross_validation, None);
    // A test image is told the same from the report and from its pixels.
    let told = &report.predictions[0];
    let again = predict(&mut classifier, &picture(&told.name), SIDE, &top(None));
    assert_eq!(again.classes[0].label, told.predicted);
    assert!((again.probability - told.probability).abs() < 2e-3);
    // Its embedding is longer, and begins as it was.
    let embed = |classifier: &mut Classifier| {
        classifier
            .stage("new.png", &stripes(true, 33), SIDE, SIDE)
            .unwrap();
        let crops = classifier.take_staged();
        let backbone = BACKBONE.with_tail(classifier.tail().unwrap()).unwrap();
        let [plain, tuned] = [BACKBONE.clone(), backbone]
            .map(|backbone| block_on(backbone.run(&crops.bytes, false)).unwrap());
        [plain, tuned].map(|features| crops.embeddings(&features).unwrap())
    };
    let [before, after] = embed(&mut classifier);
    assert_eq!((before.len(), after.len()), (FEATURES, FEATURES + LAST));
    assert_eq!(before, after[..FEATURES]);
    // An image that is added is kept as the network gives it as it came.
    let mut plain = self::classifier();
    add(&mut classifier, "across", Split::Auto, 40..41);
    add(&mut plain, "across", Split::Auto, 40..41);
    let last = |classifier: &Classifier| {
        classifier
            .dataset
            .samples()
            .last()
            .unwrap()
            .embedding
            .clone()
    };
    assert_eq!(last(&classifier), last(&plain));
}

#[test]
fn a_tuned_project_and_head_come_back_the_same() {
    let mut classifier = tuned();
    let expected = ask(&mut classifier);
    let project = classifier.export_project().unwrap();
    let mut restored = Classifier::restore(BACKBONE.clone(), &project).unwrap();
    assert_eq!(ask(&mut restored), expected);
    assert_eq!(restored.evaluate().unwrap(), classifier.evaluate().unwrap());
    assert_eq!(restored.tail(), classifier.tail());
    assert_eq!(restored.export_project().unwrap(), project);
    let head = classifier.export_head().unwrap();
    let mut alone = Classifier::restore(BACKBONE.clone(), &head).unwrap();
    assert_eq!(alone.export_head().unwrap(), head);
    for (alone, expected) in ask(&mut alone).iter().zip(&expected) {
        assert_eq!(alone.classes, expected.classes);
    }
    // An ordinary training goes back to the network as it came.
    train(&mut restored);
    assert!(restored.tail().is_none());
    let mut plain = self::classifier();
    train(&mut plain);
    assert_eq!(ask(&mut restored), ask(&mut plain));
}

#[test]
fn a_tail_that_is_damaged_or_incomplete_is_refused_by_name() {
    use crate::support::tensors::{put_together, take_apart};
    let classifier = tuned();
    let files = [
        classifier.export_project().unwrap(),
        classifier.export_head().unwrap(),
    ];
    for file in files {
        let (tensors, metadata) = take_apart(&file);
        for missing in ["tail.layer4.0.conv1.weight", "tail.layer4.1.conv2.scale"] {
            let mut tensors = tensors.clone();
            tensors.retain(|(name, ..)| name != missing);
            let damaged = put_together(&tensors, metadata.clone());
            let Err(error) = Classifier::restore(BACKBONE.clone(), &damaged) else {
                panic!("it was taken without {missing}");
            };
            assert_eq!(error.code(), "PROJECT_CORRUPT");
            assert!(error.to_string().contains(missing), "{error}");
        }
    }
}

#[test]
fn too_few_images_to_set_some_apart_are_named_before_anything_is_done() {
    let mut classifier = classifier();
    let ids: Vec<usize> = classifier
        .dataset
        .samples()
        .iter()
        .map(|sample| sample.id)
        .collect();
    let down = |id: &&usize| {
        let samples = classifier.dataset.samples();
        let class = samples
            .iter()
            .find(|sample| sample.id == **id)
            .unwrap()
            .class;
        classifier.dataset.labels()[class] == "down"
    };
    let surplus: Vec<usize> = ids.iter().filter(down).skip(4).copied().collect();
    classifier.remove_images(&surplus).unwrap();
    let error = classifier.start_training(&options()).unwrap_err();
    assert_eq!(error.code(), "TOO_FEW_IMAGES");
    assert!(
        matches!(error, Error::TooFewToFinetune { ref label, .. } if label == "down"),
        "{error}"
    );
    // Nothing is under way.
    classifier.start_training(&TrainOptions::default()).unwrap();
}
