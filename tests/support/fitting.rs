//! Fitting heads on embeddings alone.

use headstart::head::{
    EpochReport, Fit, Fitted, Head, LabelledEmbeddings, Method, Recipe, TrainOptions, TrainingData,
};

/// How many features the formula's images have.
const FORMULA_FEATURES: usize = 512;

pub fn labels(count: usize) -> Vec<String> {
    (0..count).map(|class| format!("class {class}")).collect()
}

/// The default method's recipe with some options changed.
pub fn logistic(change: impl FnOnce(&mut TrainOptions)) -> Recipe {
    recipe(Method::Lbfgs, change)
}

pub fn recipe(method: Method, change: impl FnOnce(&mut TrainOptions)) -> Recipe {
    let mut options = TrainOptions {
        method: Some(method),
        ..TrainOptions::default()
    };
    change(&mut options);
    options.recipe().unwrap()
}

/// Five folds for images whose classes follow one another or take turns other than by five.
pub fn five_folds(count: usize) -> Vec<usize> {
    (0..count).map(|image| image % 5).collect()
}

/// Images to learn from in five folds, each left out in turn. Their features are of one part.
pub fn in_five_folds(train: LabelledEmbeddings) -> TrainingData {
    let count = train.classes.len();
    TrainingData {
        train,
        folds: five_folds(count).into_iter().map(Some).collect(),
        order: (0..count).collect(),
        turns: 5,
        ..TrainingData::default()
    }
}

/// Fits with five folds.
pub fn fit(
    recipe: Recipe,
    data: &LabelledEmbeddings,
    classes: usize,
) -> (Fitted, Vec<EpochReport>) {
    fit_data(recipe, in_five_folds(data.clone()), classes)
}

pub fn fit_data(recipe: Recipe, data: TrainingData, classes: usize) -> (Fitted, Vec<EpochReport>) {
    let mut fit = Fit::start(recipe, labels(classes), data);
    let mut reports = Vec::new();
    while let Some(report) = fit.epoch() {
        reports.push(report);
    }
    (fit.finish(), reports)
}

pub fn probabilities(head: &Head, data: &LabelledEmbeddings) -> Vec<Vec<f64>> {
    head.probabilities(&data.embeddings)
}

/// `[N, classes]`
pub fn logits(head: &Head, data: &LabelledEmbeddings) -> Vec<f32> {
    head.logits(&data.embeddings)
}

/// A case of `fixtures/logistic.json`, made by the formula of `fixtures/logistic.py`.
pub fn formula(first: usize, count: usize, classes: usize) -> LabelledEmbeddings {
    let mut data = LabelledEmbeddings::default();
    for n in first..first + count {
        let round = n % classes;
        let rare = round == classes - 1 && n / classes % 2 == 1;
        let class = if rare { 0 } else { round };
        data.classes.push(class);
        data.embeddings.extend((0..FORMULA_FEATURES).map(|j| {
            let noise = (n * n * 7919 + j * j * 104_729 + n * j * 31_337) % 1009;
            let shift = if j % classes == class { 128 } else { 0 };
            (noise + shift) as f32 / 512.0
        }));
    }
    data
}
