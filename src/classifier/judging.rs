//! Judging the head on images it did not learn from.

use std::collections::BTreeMap;

use super::{Classifier, Provenance, Trained};
use crate::evaluation::{
    Conflict, Evidence, Judged, LearningCurve, NearDuplicates, Refusals, Report, SHARES, argmax,
};
use crate::explain::Neighbours;
use crate::head::{Curve, LabelledEmbeddings, softmax};
use crate::{Error, Result};

impl Classifier {
    /// Judges the head on images it did not learn from.
    ///
    /// # Errors
    /// `NOT_TRAINED`, `NO_TEST_IMAGES`.
    pub fn evaluate(&self) -> Result<Report> {
        let trained = self.trained()?;
        let Trained {
            fitted,
            provenance,
            neighbours,
        } = trained;
        if provenance.test.is_empty() {
            return Err(Error::NoTestImages {
                set_aside: provenance.set_aside.len(),
            });
        }
        let head = &fitted.head;
        let classes = head.labels().len();
        let test = self.labelled(&provenance.test);
        let logits = head.logits(&test.embeddings);
        let rows = || logits.chunks_exact(classes);
        let probabilities = rows().map(|row| head.to_probabilities(row)).collect();
        let left_out: Vec<Vec<f64>> = match &fitted.left_out {
            Some(left_out) => left_out
                .logits
                .chunks_exact(classes)
                .map(|row| head.to_probabilities(row))
                .collect(),
            None => Vec::new(),
        };
        let train = self.labelled(&provenance.train);
        Ok(Report::new(Evidence {
            labels: head.labels().to_vec(),
            head: fitted.summary.clone(),
            views: self.stage.views(),
            unknown: self.unknown(neighbours, &provenance.test),
            test: self.judged(&provenance.test, &test, probabilities),
            held_out: provenance.held_out,
            trained: provenance.train.len(),
            calibration: (fitted.calibrated_on > 0).then(|| {
                let raw = rows().map(softmax).collect();
                (head.temperature(), fitted.calibrated_on, raw)
            }),
            learning_curve: learning_curve(trained, &train, &left_out),
            folds: match &fitted.left_out {
                Some(left_out) => left_out.folds.clone(),
                None => Vec::new(),
            },
            left_out: self.judged(&provenance.train, &train, left_out),
            near_duplicates: self.near_duplicates(provenance),
        }))
    }

    /// One for each row of probabilities, which may be none.
    fn judged(
        &self,
        indices: &[usize],
        images: &LabelledEmbeddings,
        probabilities: Vec<Vec<f64>>,
    ) -> Vec<Judged> {
        indices
            .iter()
            .zip(&images.classes)
            .zip(probabilities)
            .map(|((&index, &class), probabilities)| {
                let sample = &self.dataset.samples()[index];
                Judged {
                    id: sample.id,
                    hash: sample.hash.clone(),
                    name: sample.name.clone(),
                    class,
                    probabilities,
                }
            })
            .collect()
    }

    /// Whether each image would be refused as none of the classes; `None` without a threshold.
    fn unknown(&self, neighbours: &Neighbours, indices: &[usize]) -> Option<Refusals> {
        let threshold = neighbours.threshold()?;
        let is_unknown = |&index: &usize| {
            let similarity = neighbours.similarity(&self.dataset.samples()[index].embedding);
            similarity.is_some_and(|similarity| neighbours.is_unknown(similarity))
        };
        Some(Refusals {
            threshold,
            refused: indices.iter().map(is_unknown).collect(),
        })
    }

    fn near_duplicates(&self, provenance: &Provenance) -> NearDuplicates {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, &group) in provenance.groups.iter().enumerate() {
            groups.entry(group).or_default().push(index);
        }
        groups.retain(|_, members| members.len() > 1);
        let samples = self.dataset.samples();
        let has_conflict = |members: &&Vec<usize>| {
            let class = |&index: &usize| samples[index].class;
            members
                .iter()
                .any(|member| class(member) != class(&members[0]))
        };
        let conflict = |&index: &usize| Conflict {
            id: samples[index].id,
            name: samples[index].name.clone(),
            label: self.dataset.labels()[samples[index].class].clone(),
        };
        NearDuplicates {
            groups: groups.len(),
            images: groups.values().map(Vec::len).sum(),
            set_aside: provenance.set_aside.len(),
            conflicts: groups
                .values()
                .filter(has_conflict)
                .map(|members| members.iter().map(conflict).collect())
                .collect(),
        }
    }
}

/// Accuracy on the training images at growing shares of them; `None` without folds.
fn learning_curve(
    trained: &Trained,
    train: &LabelledEmbeddings,
    left_out: &[Vec<f64>],
) -> Option<LearningCurve> {
    if left_out.is_empty() {
        return None;
    }
    let Provenance {
        folds,
        places,
        class_weights,
        ..
    } = &trained.provenance;
    let classes = trained.fitted.head.labels().len();
    let curve = Curve {
        train,
        folds,
        places,
        l2: trained.fitted.summary.l2,
        class_weights: *class_weights,
        classes,
    };
    let [quarter, half, _] = SHARES;
    let [quarter, half] = curve.left_out_logits([quarter, half])?;
    let of_logits = |logits: Vec<f32>| -> Vec<bool> {
        let rows = logits.chunks_exact(classes).zip(&train.classes);
        rows.map(|(row, &class)| argmax(&softmax(row)) == class)
            .collect()
    };
    let all = left_out.iter().zip(&train.classes);
    let all = all.map(|(row, &class)| argmax(row) == class).collect();
    let right = [of_logits(quarter), of_logits(half), all];
    let images = SHARES.map(|share| curve.images_at(share));
    Some(LearningCurve::new(&right, images))
}
