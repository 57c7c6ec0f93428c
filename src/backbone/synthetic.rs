//! Images drawn from a seed, to calibrate with where photos cannot be had.
//!
//! Dead leaves: shapes that cover one another, with radii of density r⁻³, have the edges and the
//! scale invariance of natural images (Lee, Mumford, Huang 2001, "Occlusion Models for Natural Images:
//! A Statistical Study of a Scale-Invariant Dead Leaves Model"). Noise with equal power in every
//! octave, which is the 1/f amplitude of natural images (Field 1987, "Relations between the statistics
//! of natural images and the response properties of cortical cells"), gives them texture.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::image::{INPUT_SIDE, normalization};

/// Radii of leaves, in pixels.
const RADIUS: [f32; 2] = [3.0, 120.0];
/// How many leaves an image has, from plain to busy.
const LEAVES: [usize; 3] = [20, 80, 300];
/// Colours that the leaves of an image share.
const PALETTE: usize = 8;

type Colour = [f32; 3];

/// `count` images, normalised as the network's input is, `[224, 224, 3]` each.
pub(super) fn inputs(count: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let channels: [(f32, f32); 3] = std::array::from_fn(normalization);
    let mut input = || {
        let mut image = dead_leaves(&mut rng);
        add_texture(&mut image, &mut rng);
        let values = image.as_flattened().iter().zip(channels.iter().cycle());
        let normalized = values.map(|(value, (scale, shift))| {
            let byte = (value * 255.0).round().clamp(0.0, 255.0);
            byte * scale + shift
        });
        normalized.collect()
    };
    (0..count).map(|_| input()).collect()
}

/// `[224 · 224, 3]`, about 0 to 1.
fn dead_leaves(rng: &mut ChaCha8Rng) -> Vec<Colour> {
    let base: Colour = std::array::from_fn(|_| rng.random_range(0.0..1.0));
    let spread = rng.random_range(0.2..0.7);
    let palette: [Colour; PALETTE] =
        std::array::from_fn(|_| base.map(|value| (value + around(rng, spread)).clamp(0.0, 1.0)));
    let mut image = vec![base; INPUT_SIDE * INPUT_SIDE];
    for _ in 0..LEAVES[rng.random_range(0..LEAVES.len())] {
        let colour = palette[rng.random_range(0..PALETTE)];
        let colour = colour.map(|value| value + around(rng, 0.1));
        draw_leaf(&mut image, colour, rng);
    }
    image
}

/// An ellipse or a rectangle, shaded from one end to the other.
fn draw_leaf(image: &mut [Colour], colour: Colour, rng: &mut ChaCha8Rng) {
    let side = INPUT_SIDE as f32;
    let [x, y] = std::array::from_fn(|_| rng.random_range(-0.1 * side..1.1 * side));
    // The inverse of the distribution function of r⁻³ between the two radii.
    let [low, high] = RADIUS.map(|r| r.powi(-2));
    let radius = rng.random_range(high..low).powf(-0.5);
    let (sin, cos) = rng.random_range(0.0..std::f32::consts::PI).sin_cos();
    let aspect = rng.random_range(0.3..1.0);
    let shade = around(rng, 0.25);
    let ellipse = rng.random_bool(0.6);
    // The rectangle's corners are further from the centre than its radius.
    let reach = radius * std::f32::consts::SQRT_2;
    let span = |centre: f32| {
        let clip = |value: f32| value.clamp(0.0, side) as usize;
        clip(centre - reach)..clip(centre + reach)
    };
    for row in span(y) {
        for column in span(x) {
            let (dx, dy) = (column as f32 - x, row as f32 - y);
            let u = (dx * cos + dy * sin) / radius;
            let v = (dy * cos - dx * sin) / (radius * aspect);
            let inside = if ellipse {
                u * u + v * v < 1.0
            } else {
                u.abs() < 1.0 && v.abs() < 1.0
            };
            if inside {
                image[row * INPUT_SIDE + column] = colour.map(|value| value + shade * u);
            }
        }
    }
}

/// Adds noise of one octave after the other, each as strong as the next: grey in half of the images,
/// coloured in the others.
fn add_texture(image: &mut [Colour], rng: &mut ChaCha8Rng) {
    let strength = rng.random_range(0.02..0.2);
    let coloured = rng.random_bool(0.5);
    let mut cells = 2;
    while cells <= INPUT_SIDE {
        // Between grid points the noise is interpolated.
        let across = cells + 1;
        let grid: Vec<Colour> = (0..across * across)
            .map(|_| {
                let grey = around(rng, strength);
                std::array::from_fn(|_| {
                    if coloured {
                        around(rng, strength)
                    } else {
                        grey
                    }
                })
            })
            .collect();
        let cell = |index: usize| {
            let at = index as f32 * cells as f32 / INPUT_SIDE as f32;
            (at as usize, at.fract())
        };
        for (index, pixel) in image.iter_mut().enumerate() {
            let (row, down) = cell(index / INPUT_SIDE);
            let (column, right) = cell(index % INPUT_SIDE);
            let corner = row * across + column;
            for (channel, value) in pixel.iter_mut().enumerate() {
                let mix =
                    |at: usize| grid[at][channel] * (1.0 - right) + grid[at + 1][channel] * right;
                *value += mix(corner) * (1.0 - down) + mix(corner + across) * down;
            }
        }
        cells *= 2;
    }
}

/// Between `-spread` and `spread`.
fn around(rng: &mut ChaCha8Rng, spread: f32) -> f32 {
    rng.random_range(-spread..spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::INPUT_LEN;

    #[test]
    fn a_seed_gives_the_same_images_and_another_seed_others() {
        assert_eq!(inputs(2, 1), inputs(2, 1));
        assert_ne!(inputs(1, 1), inputs(1, 2));
    }

    #[test]
    fn images_differ_and_use_the_range_of_pixels() {
        let inputs = inputs(8, 0);
        assert!(inputs.iter().all(|input| input.len() == INPUT_LEN));
        assert_ne!(inputs[0], inputs[1]);
        let inputs = inputs.concat();
        // ImageNet's normalisation puts its pixels' standard deviation at 1.
        let n = inputs.len() as f32;
        let mean = inputs.iter().sum::<f32>() / n;
        let deviation = (inputs.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n).sqrt();
        assert!((0.5..2.0).contains(&deviation), "deviation {deviation}");
    }
}
