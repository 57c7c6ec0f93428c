//! Images on their way through the backbone.

use burn::tensor::{Tensor, TensorData};

use super::Classifier;
use crate::Result;
use crate::backbone::EMBEDDING_LEN;
use crate::head::read;
use crate::image::{INPUT_LEN, INPUT_SIDE, Pixels, Region, Views, central_region, check_size};

/// Images prepared for the network and not yet embedded.
#[derive(Debug, Default)]
pub(super) struct Stage {
    views: Views,
    /// `[images · views, 3, 224, 224]`
    inputs: Vec<f32>,
    /// The part of each image that its central crop shows.
    regions: Vec<Region>,
}

/// What the network says of staged images.
pub(super) struct Embedded {
    /// `[images, 512]`
    pub embeddings: Vec<f32>,
    /// Feature maps of the central crops, `[images, 512, 7, 7]`.
    pub feature_maps: Tensor<4>,
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
        self.stage.views.append(&pixels, &mut self.stage.inputs)?;
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
        let embedded = self.run_backbone().await?;
        Ok(embedded.map_or(Vec::new(), |embedded| embedded.embeddings))
    }

    /// Takes what was staged through the backbone; `None` when nothing was.
    pub(super) async fn run_backbone(&mut self) -> Result<Option<Embedded>> {
        let Stage {
            views,
            inputs,
            regions,
        } = self.stage.take();
        if regions.is_empty() {
            return Ok(None);
        }
        let (images, views) = (regions.len(), views.count());
        debug_assert_eq!(inputs.len(), images * views * INPUT_LEN);
        let inputs = TensorData::new(inputs, [images * views, 3, INPUT_SIDE, INPUT_SIDE]);
        let inputs = Tensor::from_data(inputs, self.backbone.device());
        let network = self.backbone.network();
        let feature_maps = network.feature_map(inputs);
        let embeddings = network.pool(feature_maps.clone());
        let embeddings = embeddings
            .reshape([images, views, EMBEDDING_LEN])
            .mean_dim(1);
        Ok(Some(Embedded {
            embeddings: read(embeddings).await?,
            feature_maps: first_of_each(feature_maps, views),
            regions,
        }))
    }
}

/// Every `views`-th feature map: the central crops'.
fn first_of_each(feature_maps: Tensor<4>, views: usize) -> Tensor<4> {
    if views == 1 {
        return feature_maps;
    }
    let [count, channels, height, width] = feature_maps.dims();
    feature_maps
        .reshape([count / views, views * channels, height, width])
        .slice([0..count / views, 0..channels])
}
