//! What rounding weights costs the embeddings.

use super::{LAST, cosines, lowest, mean, relative_l2};

/// How far embeddings of rounded weights are from those of the weights as they were.
pub struct Loss {
    pub relative_l2: f64,
    pub mean_cosine: f64,
    pub min_cosine: f64,
}

/// Of embeddings by the last stage's features; `images` says what they are of.
pub fn loss(scheme: &str, images: &str, embeddings: &[f32], reference: &[f32]) -> Loss {
    let cosines = cosines(embeddings, reference, LAST);
    let loss = Loss {
        relative_l2: relative_l2(embeddings, reference),
        mean_cosine: mean(&cosines),
        min_cosine: lowest(&cosines),
    };
    println!(
        "figure: int8 embeddings, {scheme}, {images}: min cosine {:.6}, mean {:.6}, relative L2 {:.4}",
        loss.min_cosine, loss.mean_cosine, loss.relative_l2
    );
    loss
}
