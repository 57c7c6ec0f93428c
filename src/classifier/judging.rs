//! Judging the head on images it did not learn from.

use std::collections::{BTreeMap, HashSet};

use super::{Classifier, Provenance, Trained};
use crate::evaluation::{
    Conflict, Evidence, Groups, Judged, NearDuplicates, Report, suspected_bursts,
};
use crate::explain::Parts;
use crate::head::{LeftOut, softmax};
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
            refusals,
            learning_curve,
            ..
        } = trained;
        if provenance.test.is_empty() {
            return Err(Error::NoTestImages {
                set_aside: provenance.set_aside.len(),
            });
        }
        let head = &fitted.head;
        let classes = head.labels().len();
        let logits = head.logits(
            &self
                .labelled(&provenance.test, trained.is_tuned())
                .embeddings,
        );
        let rows = || logits.chunks_exact(classes);
        let probabilities = rows().map(|row| head.to_probabilities(row)).collect();
        let (judged, folds, left_out) = match &fitted.left_out {
            Some(LeftOut {
                images,
                logits,
                folds,
            }) => {
                let rows = logits.chunks_exact(classes);
                (
                    images.iter().map(|&i| provenance.train[i]).collect(),
                    folds.clone(),
                    rows.map(|row| head.to_probabilities(row)).collect(),
                )
            }
            None => (Vec::new(), Vec::new(), Vec::new()),
        };
        Ok(Report::new(Evidence {
            labels: head.labels().to_vec(),
            head: fitted.summary.clone(),
            views: self.stage.views(),
            features: self.stage.features(),
            unknown: refusals.clone(),
            test: self.judged(&provenance.test, probabilities),
            held_out: provenance.held_out,
            trained: provenance.train.len(),
            calibration: (fitted.calibrated_on > 0).then(|| {
                let raw = rows().map(softmax).collect();
                (head.temperature(), fitted.calibrated_on, raw)
            }),
            learning_curve: learning_curve.clone(),
            finetune: trained.verdict.clone(),
            folds,
            left_out: self.judged(&judged, left_out),
            near_duplicates: self.near_duplicates(provenance),
            groups: self.groups(trained),
        }))
    }

    /// One for each row of probabilities.
    fn judged(&self, indices: &[usize], probabilities: Vec<Vec<f64>>) -> Vec<Judged> {
        let samples = indices.iter().map(|&index| &self.dataset.samples()[index]);
        samples
            .zip(probabilities)
            .map(|(sample, probabilities)| Judged {
                id: sample.id,
                hash: sample.hash.clone(),
                name: sample.name.clone(),
                class: sample.class,
                probabilities,
            })
            .collect()
    }

    fn groups(&self, trained: &Trained) -> Groups {
        let (groups, images) = self.dataset.given_groups();
        let near = self.with_near_duplicate(&trained.provenance);
        Groups {
            groups,
            images,
            set_aside: trained.provenance.set_aside.len() - near,
            suspected: match trained.is_tuned() {
                // What a tail adds is not there of images outside the training.
                true => suspected_bursts(&self.dataset, &Parts::of(&self.layout)),
                false => suspected_bursts(&self.dataset, trained.neighbours.parts()),
            },
        }
    }

    /// How many of the images set aside have a near-duplicate among those learned from.
    fn with_near_duplicate(&self, provenance: &Provenance) -> usize {
        let group = |index: &usize| provenance.groups[*index];
        let learned: HashSet<usize> = provenance.train.iter().map(group).collect();
        let set_aside = provenance.set_aside.iter();
        set_aside
            .filter(|index| learned.contains(&group(index)))
            .count()
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
            set_aside: self.with_near_duplicate(provenance),
            conflicts: groups
                .values()
                .filter(has_conflict)
                .map(|members| members.iter().map(conflict).collect())
                .collect(),
        }
    }
}
