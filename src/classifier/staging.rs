//! Images on their way through the backbone.

use super::{Classifier, Record, Trained};
use crate::backbone::{FeatureSet, Features, Layout};
use crate::dataset::Fingerprint;
use crate::image::{INPUT_LEN, Pixels, Region, Views, central_region, check_size};
use crate::{Error, Result};

/// Images prepared for the network and not yet embedded.
#[derive(Debug, Default)]
pub(super) struct Stage {
    views: Views,
    features: FeatureSet,
    /// `[images · views, 224, 224, 3]`
    crops: Vec<u8>,
    /// The part of each image that its central crop shows.
    regions: Vec<Region>,
}

/// Crops on their way to the network, and what they are of.
#[derive(Debug)]
pub struct Crops {
    views: Views,
    /// What the network gives.
    all: Layout,
    /// What is taken of it.
    layout: Layout,
    /// Both, where the network has a tuned tail.
    with_tail: [Layout; 2],
    /// RGB bytes, `[images · views, 224, 224, 3]`.
    pub bytes: Vec<u8>,
    /// The part of each image that its central crop shows.
    pub(super) regions: Vec<Region>,
}

impl Crops {
    /// How many images they are of.
    pub fn images(&self) -> usize {
        self.regions.len()
    }

    /// Embeddings `[images, features]` from what the network says of the crops, as it came or with a tuned tail: the mean
    /// over an image's views of the features that the classifier takes.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for features of another number of crops.
    pub fn embeddings(&self, features: &Features) -> Result<Vec<f32>> {
        let [whole, layout] = &self.with_tail;
        let crops = self.images() * self.views.count();
        match features.embeddings.len() == crops * whole.len() {
            true => self.embeddings_by(features, whole, layout),
            false => self.embeddings_by(features, &self.all, &self.layout),
        }
    }

    /// The same where the network gives this, and of that so much is taken.
    pub(super) fn embeddings_by(
        &self,
        features: &Features,
        whole: &Layout,
        layout: &Layout,
    ) -> Result<Vec<f32>> {
        let of_crop = whole.len();
        let of_image = self.views.count() * of_crop;
        let range = whole.range_of(layout);
        let len = features.embeddings.len();
        if len != self.images() * of_image {
            let problem = format!("{len} numbers are not those of {} images", self.images());
            return Err(Error::invalid("features", problem));
        }
        let images = features.embeddings.chunks_exact(of_image);
        Ok(images
            .flat_map(|views| mean(views.chunks_exact(of_crop).map(|view| &view[range.clone()])))
            .collect())
    }

    /// What is to be kept of each image, from what the network says of the crops.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for features of another number of crops.
    pub fn records(&self, features: &Features) -> Result<Vec<Record>> {
        let embeddings = self.embeddings(features)?;
        let rows = embeddings.chunks_exact(self.layout.len());
        let central = self
            .bytes
            .chunks_exact(INPUT_LEN)
            .step_by(self.views.count());
        let records = rows.zip(central).filter_map(|(embedding, crop)| {
            Some(Record {
                fingerprint: Fingerprint::of_crop(crop)?,
                embedding: embedding.to_vec(),
            })
        });
        Ok(records.collect())
    }

    /// The maps of each image's central crop, of the stages whose features the classifier takes; none where they were
    /// not asked for.
    pub(super) fn central_maps<'a>(
        &self,
        features: &'a Features,
        whole: &Layout,
        layout: &Layout,
    ) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        let len = whole.maps_len();
        let taken = len - layout.maps_len();
        let maps = features.maps.chunks_exact(len);
        maps.step_by(self.views.count())
            .map(move |maps| &maps[taken..])
    }
}

impl Stage {
    pub fn new(views: Views, features: FeatureSet) -> Self {
        Self {
            views,
            features,
            ..Self::default()
        }
    }

    pub fn views(&self) -> Views {
        self.views
    }

    pub fn features(&self) -> FeatureSet {
        self.features
    }
}

impl Classifier {
    /// Prepares an image for the next [`embed_staged`](Self::embed_staged) or
    /// [`predict_staged`](Self::predict_staged).
    ///
    /// # Errors
    /// `IMAGE_TOO_SMALL`, `IMAGE_TOO_LARGE`, or `INVALID_ARGUMENT` for pixels that do not fit the size.
    pub fn stage(&mut self, name: &str, rgba: &[u8], width: usize, height: usize) -> Result<()> {
        check_size(name, width, height)?;
        let pixels = Pixels::rgba(rgba, width, height)?;
        self.stage.views.append(&pixels, &mut self.stage.crops)?;
        self.stage.regions.push(central_region(width, height));
        Ok(())
    }

    /// What was staged, in order; the stage is empty afterwards.
    pub fn take_staged(&mut self) -> Crops {
        let views = self.stage.views;
        let next = Stage::new(views, self.stage.features);
        let stage = std::mem::replace(&mut self.stage, next);
        debug_assert_eq!(
            stage.crops.len(),
            stage.regions.len() * views.count() * INPUT_LEN
        );
        Crops {
            views,
            all: self.backbone.layout().clone(),
            layout: self.layout.clone(),
            with_tail: [self.whole_layout(true), self.layout_of_head(true)],
            bytes: stage.crops,
            regions: stage.regions,
        }
    }

    /// Embeddings `[staged, features]` of what was staged, in order, by the network that the head goes with; the stage is
    /// empty afterwards.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn embed_staged(&mut self) -> Result<Vec<f32>> {
        let crops = self.take_staged();
        let features = self.backbone_of_head()?.run(&crops.bytes, false).await?;
        let tuned = self.trained.as_ref().is_some_and(Trained::is_tuned);
        crops.embeddings_by(
            &features,
            &self.whole_layout(tuned),
            &self.layout_of_head(tuned),
        )
    }

    /// What is to be kept of each image that was staged, in order, by the network as it came; the stage is empty
    /// afterwards.
    ///
    /// # Errors
    /// `DEVICE_LOST` when it cannot be read back.
    pub async fn record_staged(&mut self) -> Result<Vec<Record>> {
        let crops = self.take_staged();
        let features = self.backbone.run(&crops.bytes, false).await?;
        crops.records(&features)
    }
}

/// The mean of an image's views.
fn mean<'a>(views: impl ExactSizeIterator<Item = &'a [f32]>) -> Vec<f32> {
    let count = views.len() as f32;
    let mut mean = Vec::new();
    for view in views {
        mean.resize(view.len(), 0.0);
        for (sum, value) in mean.iter_mut().zip(view) {
            *sum += value / count;
        }
    }
    mean
}
