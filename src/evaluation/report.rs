//! The report that a person reads: measures, and every held-out image's prediction.

use serde::{Deserialize, Serialize};

use super::cross_validation::{CrossValidation, LearningCurve};
use super::groups::Groups;
use super::interval::wilson;
use super::label_problems::label_problems;
use super::metrics::Metrics;
use crate::backbone::FeatureSet;
use crate::finetune::Verdict;
use crate::head::{HeadSummary, Method, argmax};
use crate::image::Views;
use crate::order::sort_by_key;

/// With fewer held-out images than this in the smallest class, cross-validation gives a second opinion.
const FEW_TEST_IMAGES: usize = 20;

/// Where the held-out images came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HeldOut {
    /// The user gave them.
    #[serde(rename = "test folder")]
    TestFolder,
    /// A seeded, stratified share of the user's images.
    #[default]
    #[serde(rename = "split")]
    Split,
}

/// An image and what a head gave it that had not learned from it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The image's id in the dataset.
    pub id: usize,
    /// Its content hash.
    pub hash: String,
    /// Its file name.
    pub name: String,
    /// Its class's index among the labels.
    pub class: usize,
    /// One probability per label.
    pub probabilities: Vec<f64>,
}

/// Which images would be refused as none of the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusals {
    /// The similarity under which an image is.
    pub threshold: f64,
    /// For each image.
    pub refused: Vec<bool>,
}

/// What a report is made from.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The classes, in the order of the probabilities.
    pub labels: Vec<String>,
    /// How the head came about.
    pub head: HeadSummary,
    /// What was embedded of each image.
    pub views: Views,
    /// Which of the network's features were taken.
    pub features: FeatureSet,
    /// The held-out images.
    pub test: Vec<Judged>,
    /// Where they came from.
    pub held_out: HeldOut,
    /// How many images the head learned from.
    pub trained: usize,
    /// The head's temperature, on how many images it was fitted, and the held-out images' probabilities
    /// without it, in the order of `test`; `None` where it was not fitted.
    pub calibration: Option<(f64, usize, Vec<Vec<f64>>)>,
    /// The training images, each judged by a head that had not learned from it; empty without folds.
    pub left_out: Vec<Judged>,
    /// The fold of each of those.
    pub folds: Vec<usize>,
    /// How accuracy grew with the training images.
    pub learning_curve: Option<LearningCurve>,
    /// What fine-tuning came to, where it was asked for.
    pub finetune: Option<Verdict>,
    /// What was found out about near-duplicates.
    pub near_duplicates: NearDuplicates,
    /// What was found out about images that belong together.
    pub groups: Groups,
    /// Which held-out images would be refused, in the order of `test`, where a threshold could be set.
    pub unknown: Option<Refusals>,
}

/// What the head said about one held-out image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestPrediction {
    /// The image's id in the dataset.
    pub id: usize,
    /// Its file name.
    pub name: String,
    /// Its class.
    pub label: String,
    /// The class the head named.
    pub predicted: String,
    /// The probability given to it.
    pub probability: f64,
    /// Whether it would be refused as none of the classes; it counts by `predicted` all the same.
    pub unknown: bool,
}

/// How far probabilities are from what comes true, without and with temperature scaling.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// What logits are divided by: above 1 the head was too sure, below 1 too timid.
    pub temperature: f64,
    /// On how many images, which the head judging them had not learned from, it was fitted.
    pub fitted_on: usize,
    /// Expected calibration error on the held-out images without it.
    pub before: f64,
    /// The same with it.
    pub after: f64,
}

/// An image whose label a head contradicts that had not learned from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelProblem {
    /// The image's id in the dataset.
    pub id: usize,
    /// Its file name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// The class that it seems to be of.
    pub suggested: String,
    /// The probability of that class.
    pub probability: f64,
    /// The probability of the label.
    pub probability_of_label: f64,
    /// Whether it is one of the held-out images.
    pub held_out: bool,
}

/// An image of a near-duplicate group with several labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The image's id in the dataset.
    pub id: usize,
    /// Its file name.
    pub name: String,
    /// Its label.
    pub label: String,
}

/// What was found out about near-duplicates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearDuplicates {
    /// Groups of two images or more.
    pub groups: usize,
    /// Images in them.
    pub images: usize,
    /// Held-out images left out of the test because a near-duplicate is among the training images.
    pub set_aside: usize,
    /// Groups whose images have different labels.
    pub conflicts: Vec<Vec<Conflict>>,
}

/// How many known images would be refused.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnknownReport {
    /// Held-out images refused.
    pub refused: usize,
    /// Their share; about 5 % are meant to be.
    pub share: f64,
    /// The similarity under which an image is unknown.
    pub threshold: f64,
}

/// A class in the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class.
    pub label: String,
    /// Of those called this class, the share that is.
    pub precision: Option<f64>,
    /// Of those of this class, the share called so.
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
    /// Held-out images of this class.
    pub support: usize,
}

/// Measured on held-out images only.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Share classified correctly.
    pub accuracy: f64,
    /// Wilson's score interval of the accuracy at 95 %.
    pub interval: (f64, f64),
    /// Mean recall over the classes present.
    pub balanced_accuracy: f64,
    /// Mean F1 over the classes.
    pub macro_f1: f64,
    /// Mean cross-entropy in nats.
    pub log_loss: f64,
    /// Expected calibration error over 10 bins.
    pub calibration_error: f64,
    /// Accuracy of always naming the commonest held-out class.
    pub majority_accuracy: f64,
    /// Per class, in the order of the head's labels.
    pub classes: Vec<ClassReport>,
    /// `confusion[i][j]`: images of class `i` that were called class `j`.
    pub confusion: Vec<Vec<usize>>,
    /// Every held-out image, by id.
    pub predictions: Vec<TestPrediction>,
    /// Images the head learned from.
    pub trained: usize,
    /// Images it was tested on.
    pub tested: usize,
    /// Where those came from.
    pub held_out: HeldOut,
    /// How the head came about.
    pub head: ReportedHead,
    /// Calibration without and with the head's temperature, where one was fitted.
    pub calibration: Option<Calibration>,
    /// A second opinion, where a class has fewer than 20 held-out images and folds could be made.
    pub cross_validation: Option<CrossValidation>,
    /// How accuracy grew with the training images, where folds could be made.
    pub learning_curve: Option<LearningCurve>,
    /// Labels in doubt, the most doubtful first.
    pub label_problems: Vec<LabelProblem>,
    /// What fine-tuning came to, where it was asked for.
    pub finetune: Option<Verdict>,
    /// What was found out about near-duplicates.
    pub near_duplicates: NearDuplicates,
    /// What was found out about images that belong together.
    pub groups: Groups,
    /// How many known images would be refused, where a threshold could be set.
    pub unknown: Option<UnknownReport>,
}

/// How a head came about, and from what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReportedHead {
    /// How it was fitted.
    #[serde(flatten)]
    pub summary: HeadSummary,
    /// What was embedded of each image.
    pub views: Views,
    /// Which of the network's features were taken.
    pub features: FeatureSet,
}

impl Report {
    /// Builds the report; the order of the images does not matter.
    pub fn new(evidence: Evidence) -> Self {
        let Evidence { labels, test, .. } = &evidence;
        let metrics = metrics_of(test, labels.len());
        let calibration = evidence
            .calibration
            .as_ref()
            .map(|(temperature, fitted_on, raw)| {
                let truth: Vec<usize> = test.iter().map(|image| image.class).collect();
                Calibration {
                    temperature: *temperature,
                    fitted_on: *fitted_on,
                    before: Metrics::measure(&truth, raw, labels.len()).calibration_error,
                    after: metrics.calibration_error,
                }
            });
        let smallest = metrics.classes.iter().map(|class| class.support).min();
        let is_few = smallest.is_some_and(|support| support < FEW_TEST_IMAGES);
        // Heads on the network as it came say nothing of a tuned one.
        let is_tuned = evidence.head.method == Method::Finetune;
        let all_left_out = !is_tuned && evidence.left_out.len() == evidence.trained;
        let cross_validation = (is_few && all_left_out && evidence.trained > 0).then(|| {
            let right: Vec<bool> = evidence.left_out.iter().map(Judged::is_right).collect();
            CrossValidation::new(&right, &evidence.folds)
        });
        Self {
            accuracy: metrics.accuracy(),
            interval: wilson(metrics.right, metrics.count),
            balanced_accuracy: metrics.balanced_accuracy,
            macro_f1: metrics.macro_f1,
            log_loss: metrics.log_loss,
            calibration_error: metrics.calibration_error,
            majority_accuracy: metrics.majority_accuracy,
            unknown: evidence.unknown.as_ref().map(|refusals| {
                let refused = refusals.refused.iter().filter(|&&refused| refused).count();
                UnknownReport {
                    refused,
                    share: refused as f64 / test.len().max(1) as f64,
                    threshold: refusals.threshold,
                }
            }),
            classes: labels
                .iter()
                .zip(metrics.classes)
                .map(|(label, class)| ClassReport {
                    label: label.clone(),
                    precision: class.precision,
                    recall: class.recall,
                    f1: class.f1,
                    support: class.support,
                })
                .collect(),
            confusion: metrics.confusion,
            predictions: predictions(&evidence),
            trained: evidence.trained,
            tested: metrics.count,
            held_out: evidence.held_out,
            calibration,
            cross_validation,
            label_problems: problems(&evidence),
            learning_curve: evidence.learning_curve,
            finetune: evidence.finetune,
            near_duplicates: evidence.near_duplicates,
            groups: evidence.groups,
            head: ReportedHead {
                summary: evidence.head,
                views: evidence.views,
                features: evidence.features,
            },
        }
    }
}

impl Judged {
    /// Whether the likeliest class is the image's.
    pub fn is_right(&self) -> bool {
        argmax(&self.probabilities) == self.class
    }
}

fn metrics_of(judged: &[Judged], classes: usize) -> Metrics {
    let (truth, probabilities): (Vec<usize>, Vec<Vec<f64>>) = judged
        .iter()
        .map(|image| (image.class, image.probabilities.clone()))
        .unzip();
    Metrics::measure(&truth, &probabilities, classes)
}

/// Every held-out image, by id.
fn predictions(evidence: &Evidence) -> Vec<TestPrediction> {
    let Evidence {
        labels,
        test,
        unknown,
        ..
    } = evidence;
    let is_refused = |place: usize| unknown.as_ref().is_some_and(|u| u.refused[place]);
    let mut predictions: Vec<TestPrediction> = test
        .iter()
        .enumerate()
        .map(|(place, image)| {
            let called = argmax(&image.probabilities);
            TestPrediction {
                id: image.id,
                name: image.name.clone(),
                label: labels[image.class].clone(),
                predicted: labels[called].clone(),
                probability: image.probabilities[called],
                unknown: is_refused(place),
            }
        })
        .collect();
    sort_by_key(&mut predictions, |prediction| prediction.id);
    predictions
}

/// Labels in doubt, among training and held-out images alike: no head judged what it had learned.
fn problems(evidence: &Evidence) -> Vec<LabelProblem> {
    let Evidence {
        labels,
        left_out,
        test,
        ..
    } = evidence;
    if left_out.is_empty() {
        return Vec::new();
    }
    let all: Vec<Judged> = left_out.iter().chain(test).cloned().collect();
    label_problems(&all, labels.len())
        .into_iter()
        .map(|found| {
            let image = &all[found.place];
            LabelProblem {
                id: image.id,
                name: image.name.clone(),
                label: labels[image.class].clone(),
                suggested: labels[found.suggested].clone(),
                probability: found.probability,
                probability_of_label: found.probability_of_label,
                held_out: found.place >= left_out.len(),
            }
        })
        .collect()
}
