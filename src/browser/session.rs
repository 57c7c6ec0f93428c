//! The session: images and the head that learns from them, on a backbone.

use js_sys::Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::ImageData;

use super::convert::{from_js, set, to_js, to_js_error, to_js_heatmap};
use crate::backbone::{Features, TailWeights};
use crate::capture_time::capture_time;
use crate::dataset::{NewImage, Split};
use crate::finetune::Outcome;
use crate::head::TrainOptions;
use crate::image::{Pixels, check_encoded, check_size, content_hash, pixel_hash};
use crate::{Classifier, Error, PredictOptions, Record};

/// A classifier in the making.
///
/// One method at a time: an async method holds the session until its promise settles. All that takes long is
/// async, whether it waits for the device or not, so that a trap is met in one way. Every error is an `Error`
/// with a `code`.
#[wasm_bindgen]
pub struct Session {
    classifier: Classifier,
}

/// What an encoded image says of itself.
#[derive(Serialize)]
struct Inspected {
    hash: String,
    taken: Option<f64>,
}

/// What is to be known of an image besides its record.
#[derive(Deserialize)]
struct LabelledImage {
    name: String,
    hash: String,
    label: String,
    split: Split,
    group: Option<String>,
    taken: Option<f64>,
}

/// Crops on their way to the network, and what they are of.
#[wasm_bindgen]
pub struct Crops(crate::Crops);

#[wasm_bindgen]
impl Crops {
    /// RGB bytes, `[images · views, 224, 224, 3]`.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.bytes.clone()
    }

    /// Embeddings `[images, features]` from those of the crops, which `Backbone.run` gives.
    pub fn embeddings(&self, embeddings: Vec<f32>) -> Result<Vec<f32>, JsValue> {
        let maps = Vec::new();
        let features = Features { embeddings, maps };
        self.0.embeddings(&features).map_err(to_js_error)
    }

    /// What is to be kept of each image, one after the other, from the same: for `addSample`.
    pub fn records(&self, embeddings: Vec<f32>) -> Result<Vec<u8>, JsValue> {
        let maps = Vec::new();
        let features = Features { embeddings, maps };
        let records = self.0.records(&features).map_err(to_js_error)?;
        Ok(records.iter().flat_map(Record::to_bytes).collect())
    }
}

impl Session {
    pub(super) fn new(classifier: Classifier) -> Self {
        Self { classifier }
    }
}

#[wasm_bindgen]
impl Session {
    /// What an embedding depends on besides the image: those kept under another key are of no use here.
    #[wasm_bindgen(js_name = embeddingKey)]
    pub fn embedding_key(&self) -> String {
        self.classifier.embedding_key()
    }

    /// How many images to stage before they are taken through the network.
    #[wasm_bindgen(js_name = batchSize)]
    pub fn batch_size(&self) -> usize {
        self.classifier.batch_size()
    }

    /// Checks an encoded image before it is decoded, and gives `{ hash, taken }`: its content hash, and when it was
    /// taken, in seconds since 1970, or `null`.
    pub fn inspect(&self, name: &str, bytes: &[u8]) -> Result<JsValue, JsValue> {
        check_encoded(name, bytes).map_err(to_js_error)?;
        to_js(&Inspected {
            hash: content_hash(bytes),
            taken: capture_time(bytes).map(|seconds| seconds as f64),
        })
    }

    /// Checks an image that came decoded, and gives its content hash.
    #[wasm_bindgen(js_name = inspectPixels)]
    pub fn inspect_pixels(&self, name: &str, image: &ImageData) -> Result<String, JsValue> {
        let (width, height) = size(image);
        check_size(name, width, height).map_err(to_js_error)?;
        let pixels = image.data();
        let pixels = Pixels::rgba(&pixels, width, height).map_err(to_js_error)?;
        Ok(pixel_hash(&pixels))
    }

    /// Why an image must not be added again: `{ code, reason }`, or `undefined`.
    pub fn duplicate(&self, name: &str, hash: &str, label: &str) -> Result<JsValue, JsValue> {
        match self.classifier.dataset.duplicate(name, hash, label.trim()) {
            Some(duplicate) => to_js(&duplicate),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// Prepares decoded RGBA pixels for the next `takeStaged`.
    pub fn stage(&mut self, name: &str, image: &ImageData) -> Result<(), JsValue> {
        let (width, height) = size(image);
        // Before the pixels are copied here: memory that a module has grown is never given back.
        check_size(name, width, height).map_err(to_js_error)?;
        self.classifier
            .stage(name, &image.data(), width, height)
            .map_err(to_js_error)
    }

    /// What was staged, in order; the stage is empty afterwards.
    #[wasm_bindgen(js_name = takeStaged)]
    pub fn take_staged(&mut self) -> Crops {
        Crops(self.classifier.take_staged())
    }

    /// Adds a labelled image, `{ name, hash, label, split, group, taken }`, by its record, and gives its id. `group` and
    /// `taken` may be `null`.
    #[wasm_bindgen(js_name = addSample)]
    pub fn add_sample(&mut self, image: JsValue, record: &[u8]) -> Result<usize, JsValue> {
        let image: LabelledImage = serde_wasm_bindgen::from_value(image)
            .map_err(|error| to_js_error(Error::invalid("image", error.to_string())))?;
        let record = Record::from_bytes(record).map_err(to_js_error)?;
        let new = NewImage {
            split: image.split,
            group: image.group.as_deref(),
            taken: image.taken.map(|seconds| seconds as i64),
            ..record.image(&image.name, &image.hash, &image.label)
        };
        self.classifier.dataset.add(new).map_err(to_js_error)
    }

    /// Images per class: `[{ label, auto, train, test }]`.
    pub fn classes(&self) -> Result<JsValue, JsValue> {
        to_js(&self.classifier.dataset.classes())
    }

    /// Gives a class another name, in the head too.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), JsValue> {
        self.classifier.rename(from, to).map_err(to_js_error)
    }

    /// Removes a class with all its images, and gives their ids.
    #[wasm_bindgen(js_name = removeClass)]
    pub fn remove_class(&mut self, label: &str) -> Result<Vec<usize>, JsValue> {
        self.classifier.remove_class(label).map_err(to_js_error)
    }

    /// Removes images by their ids, and gives the ids of those removed.
    #[wasm_bindgen(js_name = removeImages)]
    pub fn remove_images(&mut self, ids: &[usize]) -> Result<Vec<usize>, JsValue> {
        self.classifier.remove_images(ids).map_err(to_js_error)
    }

    /// Starts training a new head; the present one stays until it is finished.
    #[wasm_bindgen(js_name = startTraining)]
    pub fn start_training(&mut self, options: JsValue) -> Result<(), JsValue> {
        let options: TrainOptions = from_js("options", options)?;
        self.classifier
            .start_training(&options)
            .map_err(to_js_error)
    }

    /// Trains one epoch; `undefined` when training is finished.
    #[wasm_bindgen(js_name = trainEpoch)]
    pub async fn train_epoch(&mut self) -> Result<JsValue, JsValue> {
        match self.classifier.train_epoch().map_err(to_js_error)? {
            Some(report) => to_js(&report),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// Drops the training under way, if any.
    #[wasm_bindgen(js_name = cancelTraining)]
    pub fn cancel_training(&mut self) {
        self.classifier.cancel_training();
    }

    /// The ids of the images that the fine-tuning under way takes part with, in the order of its task; none where there is
    /// none.
    #[wasm_bindgen(js_name = tuningImages)]
    pub fn tuning_images(&self) -> Vec<usize> {
        self.classifier.tuning_images()
    }

    /// Whether the training under way waits for `finishTuning` or `abandonTuning`; `trainEpoch` goes on after that.
    #[wasm_bindgen(js_name = awaitsViews)]
    pub fn awaits_views(&self) -> bool {
        self.classifier.awaits_views()
    }

    /// The crops of an image that fine-tuning looks at, RGB bytes, `[views, 224, 224, 3]`.
    #[wasm_bindgen(js_name = viewsOf)]
    pub fn views_of(&self, id: usize, name: &str, image: &ImageData) -> Result<Vec<u8>, JsValue> {
        let (width, height) = size(image);
        check_size(name, width, height).map_err(to_js_error)?;
        self.classifier
            .tuning_views(id, name, &image.data(), [width, height])
            .map_err(to_js_error)
    }

    /// What the tuner is to do, as a file for its module.
    #[wasm_bindgen(js_name = tuningTask)]
    pub fn tuning_task(&self) -> Result<Vec<u8>, JsValue> {
        let task = self.classifier.tuning_task();
        task.and_then(|task| task.to_bytes()).map_err(to_js_error)
    }

    /// Takes over what the tuner made, where its verdict says so.
    #[wasm_bindgen(js_name = finishTuning)]
    pub fn finish_tuning(&mut self, outcome: &[u8]) -> Result<(), JsValue> {
        let images = self.classifier.tuning_images().len();
        Outcome::from_bytes(outcome, self.classifier.network(), images)
            .and_then(|outcome| self.classifier.finish_tuning(outcome))
            .map_err(to_js_error)
    }

    /// Goes on without the tuner, with the head there is.
    #[wasm_bindgen(js_name = abandonTuning)]
    pub fn abandon_tuning(&mut self) {
        self.classifier.abandon_tuning();
    }

    /// The tuned tail that the head in place goes with, as a file for `Backbone.withTail`; `undefined` where the network
    /// is as it came.
    pub fn tail(&self) -> Result<Option<Vec<u8>>, JsValue> {
        let tail = self.classifier.tail().map(TailWeights::to_bytes);
        tail.transpose().map_err(to_js_error)
    }

    /// The report on held-out images.
    pub async fn evaluate(&self) -> Result<JsValue, JsValue> {
        to_js(&self.classifier.evaluate().map_err(to_js_error)?)
    }

    /// The head as a safetensors file.
    #[wasm_bindgen(js_name = exportHead)]
    pub async fn export_head(&self) -> Result<Vec<u8>, JsValue> {
        self.classifier.export_head().map_err(to_js_error)
    }

    /// All but the images themselves, as a safetensors file.
    #[wasm_bindgen(js_name = exportProject)]
    pub async fn export_project(&self) -> Result<Vec<u8>, JsValue> {
        self.classifier.export_project().map_err(to_js_error)
    }

    /// Fails with `NOT_TRAINED` where there is no head.
    #[wasm_bindgen(js_name = requireHead)]
    pub fn require_head(&self) -> Result<(), JsValue> {
        self.classifier.require_head().map_err(to_js_error)
    }

    /// Predictions for crops, an image after the other, from what `Backbone.run` says of them.
    pub fn predict(
        &self,
        crops: &Crops,
        embeddings: Vec<f32>,
        maps: Vec<f32>,
        options: JsValue,
    ) -> Result<JsValue, JsValue> {
        let options: PredictOptions = from_js("options", options)?;
        let features = Features { embeddings, maps };
        let predictions = self.classifier.predict_crops(&crops.0, &features, &options);
        let mut predictions = predictions.map_err(to_js_error)?;
        let heatmaps: Vec<_> = predictions
            .iter_mut()
            .map(|prediction| prediction.heatmap.take())
            .collect();
        let values = Array::from(&to_js(&predictions)?);
        for (index, heatmap) in heatmaps.iter().enumerate() {
            if let Some(heatmap) = heatmap {
                set(
                    &values.get(index as u32),
                    "heatmap",
                    &to_js_heatmap(heatmap)?,
                )?;
            }
        }
        Ok(values.into())
    }
}

/// Width and height in pixels.
fn size(image: &ImageData) -> (usize, usize) {
    (image.width() as usize, image.height() as usize)
}
