//! What the head says about images.

use serde::{Deserialize, Serialize};

use super::{Classifier, Crops, Trained};
use crate::backbone::Features;
use crate::explain::{ActivationMap, Heatmap};
use crate::head::argmax;
use crate::order::sort_by;
use crate::{Error, Result};

/// What a caller wants to know of each image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PredictOptions {
    /// How many classes to name, best first; all by default.
    pub top: Option<usize>,
    /// Whether to show where in the image the likeliest class was seen.
    pub heatmap: bool,
    /// How many of the nearest training images to name.
    pub nearest: usize,
}

/// One class and its probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassProbability {
    /// The class.
    pub label: String,
    /// In [0, 1]; all classes together make 1.
    pub probability: f64,
}

/// A training image that resembles the one predicted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearestImage {
    /// Its id in the dataset.
    pub id: usize,
    /// Its file name.
    pub name: String,
    /// Its class.
    pub label: String,
    /// The mean of the cosines of their stages' features, in [-1, 1].
    pub similarity: f64,
}

/// What the head says about an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The likeliest class; `None` when the image is none of the classes.
    pub label: Option<String>,
    /// The probability of the likeliest class.
    pub probability: f64,
    /// The likeliest classes, best first, as if it were one of them.
    pub classes: Vec<ClassProbability>,
    /// Whether the image is too unlike the training images to be one of the classes.
    pub unknown: bool,
    /// Mean similarity to the three nearest training images, in [-1, 1]; `None` where too few images were
    /// learned from to tell known from unknown.
    pub similarity: Option<f64>,
    /// Where the likeliest class was seen, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heatmap: Option<Heatmap>,
    /// The nearest training images, if asked for, the nearest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Vec<NearestImage>>,
}

impl Classifier {
    /// Predicts from embeddings `[N, features]`; a heat map needs the image, so none is made.
    ///
    /// # Errors
    /// `NOT_TRAINED`, `INVALID_ARGUMENT` for a length that is no multiple of the features or a `top` of 0.
    pub fn predict(&self, embeddings: &[f32], options: &PredictOptions) -> Result<Vec<Prediction>> {
        let trained = self.trained()?;
        let features = trained.fitted.head.features();
        if !embeddings.len().is_multiple_of(features) {
            let len = embeddings.len();
            let problem = format!("{len} numbers do not make rows of {features}");
            return Err(Error::invalid("embeddings", problem));
        }
        if options.top == Some(0) {
            return Err(Error::invalid("top", "it must be at least 1"));
        }
        let rows = trained.fitted.head.probabilities(embeddings);
        Ok(embeddings
            .chunks_exact(features)
            .zip(&rows)
            .map(|(embedding, row)| self.prediction(trained, embedding, row, options))
            .collect())
    }

    /// Predicts what was staged, in order; the stage is empty afterwards.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and `DEVICE_LOST`.
    pub async fn predict_staged(&mut self, options: &PredictOptions) -> Result<Vec<Prediction>> {
        let crops = self.take_staged();
        self.require_head()?;
        let backbone = self.backbone_of_head()?;
        let features = backbone.run(&crops.bytes, options.heatmap).await?;
        self.predict_crops(&crops, &features, options)
    }

    /// Predicts crops from what the network says of them; a heat map needs their feature maps.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), and `INVALID_ARGUMENT` for features of other crops.
    pub fn predict_crops(
        &self,
        crops: &Crops,
        features: &Features,
        options: &PredictOptions,
    ) -> Result<Vec<Prediction>> {
        let trained = self.trained()?;
        let whole = self.whole_layout(trained.is_tuned());
        let layout = self.layout_of_head(trained.is_tuned());
        let embeddings = crops.embeddings_by(features, &whole, &layout)?;
        let mut predictions = self.predict(&embeddings, options)?;
        if options.heatmap {
            let head = &trained.fitted.head;
            let maps = crops.central_maps(features, &whole, &layout);
            for ((prediction, map), &region) in predictions.iter_mut().zip(maps).zip(&crops.regions)
            {
                let label = prediction.classes[0].label.clone();
                if let Some(class) = head.labels().iter().position(|known| *known == label) {
                    let map = ActivationMap::new(head, class, &layout, map);
                    prediction.heatmap = Some(Heatmap::new(label, &map, region));
                }
            }
        }
        Ok(predictions)
    }

    fn prediction(
        &self,
        trained: &Trained,
        embedding: &[f32],
        probabilities: &[f64],
        options: &PredictOptions,
    ) -> Prediction {
        let labels = trained.fitted.head.labels();
        let mut classes: Vec<ClassProbability> = labels
            .iter()
            .zip(probabilities)
            .map(|(label, &probability)| ClassProbability {
                label: label.clone(),
                probability,
            })
            .collect();
        sort_by(&mut classes, |a, b| b.probability.total_cmp(&a.probability));
        classes.truncate(options.top.unwrap_or(usize::MAX));
        let best = argmax(probabilities);
        let neighbours = &trained.neighbours;
        let similarity = neighbours
            .threshold()
            .and_then(|_| neighbours.similarity(embedding));
        let unknown = similarity.is_some_and(|similarity| neighbours.is_unknown(similarity));
        Prediction {
            label: (!unknown).then(|| labels[best].clone()),
            probability: probabilities[best],
            classes,
            unknown,
            similarity,
            heatmap: None,
            nearest: (options.nearest > 0)
                .then(|| self.nearest(trained, embedding, options.nearest)),
        }
    }

    fn nearest(&self, trained: &Trained, embedding: &[f32], count: usize) -> Vec<NearestImage> {
        let samples = self.dataset.samples();
        let train = trained.provenance.train.iter();
        let others = train.map(|&index| samples[index].embedding_by(trained.is_tuned()));
        let parts = trained.neighbours.parts();
        parts
            .nearest(embedding, others, count)
            .into_iter()
            .map(|neighbour| {
                let index = trained.provenance.train[neighbour.place];
                let sample = &self.dataset.samples()[index];
                NearestImage {
                    id: sample.id,
                    name: sample.name.clone(),
                    label: self.dataset.labels()[sample.class].clone(),
                    similarity: neighbour.similarity,
                }
            })
            .collect()
    }
}
