//! Images on their way through the backbone.

use super::Classifier;
use crate::backbone::{EMBEDDING_LEN, FEATURE_MAP_LEN, Features};
use crate::image::{INPUT_LEN, Pixels, Region, Views, central_region, check_size};
use crate::{Error, Result};

/// Images prepared for the network and not yet embedded.
#[derive(Debug, Default)]
pub(super) struct Stage {
    views: Views,
    /// `[images · views, 224, 224, 3]`
    crops: Vec<u8>,
    /// The part of each image that its central crop shows.
    regions: Vec<Region>,
}

/// Crops on their way to the network, and what they are of.
#[derive(Debug)]
pub struct Crops {
    views: Views,
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

    /// Embeddings `[images, 512]` from what the network says of the crops: the mean over an image's views.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for features of another number of crops.
    pub fn embeddings(&self, features: &Features) -> Result<Vec<f32>> {
        let of_image = self.views.count() * EMBEDDING_LEN;
        let len = features.embeddings.len();
        if len != self.images() * of_image {
            let problem = format!("{len} numbers are not those of {} images", self.images());
            return Err(Error::invalid("features", problem));
        }
        let images = features.embeddings.chunks_exact(of_image);
        Ok(images.flat_map(mean).collect())
    }

    /// Feature maps `[512, 7, 7]` of each image's central crop; none where they were not asked for.
    pub(super) fn central_maps<'a>(
        &self,
        features: &'a Features,
    ) -> impl Iterator<Item = &'a [f32]> {
        let maps = features.maps.chunks_exact(FEATURE_MAP_LEN);
        maps.step_by(self.views.count())
    }
}

impl Stage {
    pub fn new(views: Views) -> Self {
        Self {
            views,
            ..Self::default()
        }
    }

    pub fn views(&self) -> Views {
        self.views
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
        let stage = std::mem::replace(&mut self.stage, Stage::new(views));
        debug_assert_eq!(
            stage.crops.len(),
            stage.regions.len() * views.count() * INPUT_LEN
        );
        Crops {
            views,
            bytes: stage.crops,
            regions: stage.regions,
        }
    }

    /// Embeddings `[staged, 512]` of what was staged, in order; the stage is empty afterwards.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn embed_staged(&mut self) -> Result<Vec<f32>> {
        let crops = self.take_staged();
        let features = self.backbone.run(&crops.bytes, false).await?;
        crops.embeddings(&features)
    }
}

/// The mean of embeddings `[N, 512]`.
fn mean(embeddings: &[f32]) -> Vec<f32> {
    let count = (embeddings.len() / EMBEDDING_LEN) as f32;
    let mut mean = vec![0.0; EMBEDDING_LEN];
    for embedding in embeddings.chunks_exact(EMBEDDING_LEN) {
        for (sum, value) in mean.iter_mut().zip(embedding) {
            *sum += value / count;
        }
    }
    mean
}
