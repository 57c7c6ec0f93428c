//! Embeddings and datasets made of numbers.

use headstart::backbone::EMBEDDING_LEN;
use headstart::dataset::{Dataset, Split};
use headstart::head::LabelledEmbeddings;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// As the backbone's embeddings of unrelated photos are: never negative, and with cosines around 0.65.
pub fn embedding(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut axis = || rng.random_range(0.0_f32..1.0).powf(1.5);
    (0..EMBEDDING_LEN).map(|_| axis()).collect()
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
        let centre: Vec<f32> = (0..EMBEDDING_LEN)
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
        let embedding = [0.5; EMBEDDING_LEN];
        dataset
            .add(&name, &name, &label, image.split, &embedding)
            .unwrap();
    }
}

pub fn dataset(images: &[Image]) -> Dataset {
    let mut dataset = Dataset::default();
    add(&mut dataset, images);
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
