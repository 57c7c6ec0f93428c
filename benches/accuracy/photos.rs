//! The photos, embedded.

use std::path::{Path, PathBuf};

use headstart::dataset::{Dataset, Split};
use headstart::head::LabelledEmbeddings;
use headstart::image::{Views, content_hash};

use crate::embedder::Embedder;
use crate::picture::Picture;

/// The classes of the labelled photos.
pub const LABELS: [&str; 2] = ["ants", "bees"];

/// Photos that are held decoded.
const AT_ONCE: usize = 16;

/// A photo and the embeddings of its views: centre, mirrored, closer, closer and mirrored.
pub struct Photo {
    pub path: PathBuf,
    pub hash: String,
    /// Its place in [`LABELS`]; means nothing for the unrelated ones.
    pub class: usize,
    /// Whether it lies in `val`.
    pub is_val: bool,
    views: Vec<Vec<f32>>,
}

/// All photos, and what embeds more.
pub struct Photos {
    /// Those of [`LABELS`].
    pub labelled: Vec<Photo>,
    /// Photos of other things.
    pub unrelated: Vec<Photo>,
    pub embedder: Embedder,
}

/// Labelled photos as the head sees them; a sample's id is the photo's place.
pub struct Collection {
    pub dataset: Dataset,
    /// The near-duplicate group of each.
    pub groups: Vec<usize>,
}

/// A file of the reference data beside the checkout.
pub fn shared(path: &str) -> Result<PathBuf, String> {
    let root = std::env::var_os("HEADSTART_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let full = root.join(path);
    if full.exists() {
        return Ok(full);
    }
    Err(format!(
        "this needs {}: put the reference data there, or name its folder in HEADSTART_SHARED.",
        full.display()
    ))
}

impl Photo {
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The embedding that the classifier would make: the mean of the views'.
    pub fn embedding(&self, views: Views) -> Vec<f32> {
        let count = views.count();
        let sum = |axis: usize| {
            self.views[..count]
                .iter()
                .map(|view| view[axis])
                .sum::<f32>()
        };
        (0..self.views[0].len())
            .map(|axis| sum(axis) / count as f32)
            .collect()
    }

    pub fn centre(&self) -> &[f32] {
        &self.views[0]
    }

    pub fn mirrored(&self) -> &[f32] {
        &self.views[1]
    }

    pub fn decode(&self) -> Result<Picture, String> {
        std::fs::read(&self.path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| Picture::decode(&bytes))
            .map_err(|error| format!("{} cannot be decoded: {error}.", self.path.display()))
    }
}

impl Photos {
    pub fn load() -> Result<Self, String> {
        let mut embedder = Embedder::load()?;
        let mut labelled = Vec::new();
        for side in ["train", "val"] {
            for (class, label) in LABELS.iter().enumerate() {
                let folder = shared(&format!("datasets/hymenoptera/{side}/{label}"))?;
                labelled.extend(read_folder(&folder, class, side == "val", &mut embedder)?);
            }
        }
        let unrelated = read_folder(&shared("datasets/samples")?, 0, false, &mut embedder)?;
        embedder.save()?;
        Ok(Self {
            labelled,
            unrelated,
            embedder,
        })
    }

    /// The labelled photos as embedded by these views.
    pub fn collection(&self, views: Views) -> Collection {
        let mut dataset = Dataset::default();
        for photo in &self.labelled {
            let (label, embedding) = (LABELS[photo.class], photo.embedding(views));
            dataset
                .add(&photo.name(), &photo.hash, label, Split::Auto, &embedding)
                .expect("no photo is there twice");
        }
        let groups = dataset.near_duplicates();
        Collection { dataset, groups }
    }

    /// Places of the photos in `train` and in `val`.
    pub fn train_and_val(&self) -> (Vec<usize>, Vec<usize>) {
        (0..self.labelled.len()).partition(|&id| !self.labelled[id].is_val)
    }

    /// Central embeddings of some labelled photos.
    pub fn centres(&self, ids: &[usize]) -> Vec<&[f32]> {
        ids.iter().map(|&id| self.labelled[id].centre()).collect()
    }
}

impl Collection {
    pub fn all(&self) -> Vec<usize> {
        (0..self.dataset.samples().len()).collect()
    }

    pub fn rows(&self, ids: &[usize]) -> LabelledEmbeddings {
        let samples = || ids.iter().map(|&id| &self.dataset.samples()[id]);
        LabelledEmbeddings {
            embeddings: samples()
                .flat_map(|sample| sample.embedding.clone())
                .collect(),
            classes: samples().map(|sample| sample.class).collect(),
        }
    }
}

fn read_folder(
    folder: &Path,
    class: usize,
    is_val: bool,
    embedder: &mut Embedder,
) -> Result<Vec<Photo>, String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}.", folder.display());
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jpg" || extension == "jpeg")
        {
            paths.push(path);
        }
    }
    paths.sort();
    let mut photos = Vec::with_capacity(paths.len());
    for paths in paths.chunks(AT_ONCE) {
        let mut pictures = Vec::with_capacity(paths.len());
        for path in paths {
            let bytes = std::fs::read(path).map_err(failed)?;
            let photo = Photo {
                hash: content_hash(&bytes),
                path: path.clone(),
                class,
                is_val,
                views: Vec::new(),
            };
            pictures.push(photo.decode()?);
            photos.push(photo);
        }
        let views = embedder.embed(&pictures, Views::Crops)?;
        let first = photos.len() - views.len();
        for (photo, views) in photos[first..].iter_mut().zip(views) {
            photo.views = views;
        }
    }
    Ok(photos)
}
