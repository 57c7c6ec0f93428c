//! Embeddings and datasets made of numbers.

use headstart::dataset::{Dataset, NewImage, Split};
use headstart::head::LabelledEmbeddings;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::FEATURES;

/// As the backbone's embeddings of unrelated photos are: never negative, and with cosines around 0.65.
pub fn embedding(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut axis = || rng.random_range(0.0_f32..1.0).powf(1.5);
    (0..FEATURES).map(|_| axis()).collect()
}

/// The same with each number off by a random share of up to `by`.
pub fn altered(embedding: &[f32], by: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut factor = || 1.0 + rng.random_range(-by..by);
    embedding.iter().map(|value| value * factor()).collect()
}

/// Classes around centres of their own; `spread` is the noise's half-width.
pub fn blobs(classes: usize, per_class: usize, spread: f32, seed: u64) -> LabelledEmbeddings {
    let mut rng = <ChaCha8Rng as rand::SeedableRng>::seed_from_u64(seed);
    let mut data = LabelledEmbeddings::default();
    for class in 0..classes {
        let centre: Vec<f32> = (0..FEATURES)
            .map(|axis| if axis % classes == class { 1.5 } else { 0.8 })
            .collect();
        for _ in 0..per_class {
            let noise = centre.iter().map(|c| c + rng.random_range(-spread..spread));
            data.embeddings.extend(noise);
            data.classes.push(class);
        }
    }
    data
}

/// An image of which only what a split looks at is told.
#[derive(Debug, Clone)]
pub struct Image {
    /// What makes its content its own.
    pub content: usize,
    /// Its label is "class " and this.
    pub class: usize,
    pub split: Split,
    /// Images with the same one are near-duplicates.
    pub group: usize,
}

/// Adds images whose embeddings say nothing.
pub fn add(dataset: &mut Dataset, images: &[Image]) {
    for image in images {
        let name = format!("{}.jpg", image.content);
        let label = format!("class {}", image.class);
        let new = NewImage {
            split: image.split,
            ..NewImage::new(&name, &name, &label, &[0.5])
        };
        dataset.add(new).unwrap();
    }
}

pub fn dataset(images: &[Image]) -> Dataset {
    let mut dataset = Dataset::default();
    add(&mut dataset, images);
    dataset
}

/// The same, where some images are in a group that the user has given.
pub fn dataset_in_groups(images: &[Image], given: &[Option<usize>]) -> Dataset {
    let mut dataset = Dataset::default();
    for (image, group) in images.iter().zip(given) {
        let name = format!("{}.jpg", image.content);
        let label = format!("class {}", image.class);
        let group = group.map(|group| format!("group {group}"));
        let new = NewImage {
            split: image.split,
            group: group.as_deref(),
            ..NewImage::new(&name, &name, &label, &[0.5])
        };
        dataset.add(new).unwrap();
    }
    dataset
}

/// Groups as a dataset names them: by the first of their images.
pub fn groups(images: &[Image]) -> Vec<usize> {
    let first = |image: &Image| images.iter().position(|other| other.group == image.group);
    images.iter().map(|image| first(image).unwrap()).collect()
}

/// As many classes as there are sizes, of unlike images for the seeded split.
pub fn unlike_images(sizes: &[usize]) -> Vec<Image> {
    let classes = sizes.iter().enumerate();
    classes
        .flat_map(|(class, &size)| std::iter::repeat_n(class, size))
        .enumerate()
        .map(|(content, class)| Image {
            content,
            class,
            split: Split::Auto,
            group: content,
        })
        .collect()
}
