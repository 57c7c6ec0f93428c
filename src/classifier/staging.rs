//! Images on their way through the backbone.

use super::Classifier;
use crate::Result;
use crate::backbone::{EMBEDDING_LEN, FEATURE_MAP_LEN, Features};
use crate::image::{INPUT_LEN, Pixels, Region, Views, central_region, check_size};

/// Images prepared for the network and not yet embedded.
#[derive(Debug, Default)]
pub(super) struct Stage {
    views: Views,
    /// `[images · views, 224, 224, 3]`
    crops: Vec<u8>,
    /// The part of each image that its central crop shows.
    regions: Vec<Region>,
}

/// What the network says of staged images.
pub(super) struct Embedded {
    /// `[images, 512]`
    pub embeddings: Vec<f32>,
    /// Feature maps of the central crops, `[images, 512, 7, 7]`, if asked for.
    pub feature_maps: Vec<f32>,
    /// The part of each image that its central crop shows.
    pub regions: Vec<Region>,
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

    /// What was staged; the stage is empty afterwards.
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::new(self.views))
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

    /// Forgets what was staged.
    pub fn discard_staged(&mut self) {
        self.stage.take();
    }

    /// Embeddings `[staged, 512]` of what was staged, in order; the stage is empty afterwards.
    ///
    /// # Errors
    /// `DEVICE_LOST` when they cannot be read back.
    pub async fn embed_staged(&mut self) -> Result<Vec<f32>> {
        let embedded = self.run_backbone(false).await?;
        Ok(embedded.map_or(Vec::new(), |embedded| embedded.embeddings))
    }

    /// Takes what was staged through the backbone; `None` when nothing was.
    pub(super) async fn run_backbone(&mut self, maps: bool) -> Result<Option<Embedded>> {
        let Stage {
            views,
            crops,
            regions,
        } = self.stage.take();
        if regions.is_empty() {
            return Ok(None);
        }
        let (images, views) = (regions.len(), views.count());
        debug_assert_eq!(crops.len(), images * views * INPUT_LEN);
        let Features { embeddings, maps } = self.backbone.run(&crops, maps).await?;
        let first_maps = maps.chunks_exact(FEATURE_MAP_LEN).step_by(views);
        Ok(Some(Embedded {
            embeddings: embeddings
                .chunks_exact(views * EMBEDDING_LEN)
                .flat_map(mean)
                .collect(),
            feature_maps: first_maps.flatten().copied().collect(),
            regions,
        }))
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
