//! Pictures of three kinds, and of none of them: patterns of any size, angle, place and colour upon leaves.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::canvas::{
    Canvas, Colour, Place, Shape, colour, contrasting, direction, leaves, outline,
};

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Checks,
    Rings,
    Stripes,
    /// None of the three.
    Stranger,
}

/// The classes, in alphabetical order.
pub const CLASSES: [Kind; 3] = [Kind::Checks, Kind::Rings, Kind::Stripes];

impl Kind {
    /// The label, and the folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checks => "checks",
            Self::Rings => "rings",
            Self::Stripes => "stripes",
            Self::Stranger => "strangers",
        }
    }
}

/// A drawn picture: RGB bytes, `[height, width, 3]`.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

/// Widths and heights, taken by turns.
const SIZES: [[usize; 2]; 12] = [
    [320, 240],
    [240, 320],
    [256, 256],
    [280, 210],
    [210, 280],
    [320, 240],
    [400, 300],
    [240, 320],
    [256, 256],
    [300, 400],
    [288, 192],
    [640, 480],
];

/// The picture of a kind with this number. Any two differ.
pub fn picture(kind: Kind, number: usize) -> Picture {
    picture_of_size(kind, number, SIZES[number % SIZES.len()])
}

/// The same in another width and height.
pub fn picture_of_size(kind: Kind, number: usize, [width, height]: [usize; 2]) -> Picture {
    let seed = 1_000_000 * (kind as u64 + 1) + number as u64;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut canvas = Canvas::new(width, height, colour(&mut rng));
    for _ in 0..2 {
        let fill = colour(&mut rng);
        let shape = anywhere(&canvas, &mut rng);
        canvas.paint(&shape, |_, _| fill);
    }
    let count = rng.random_range(5..25);
    leaves(&mut canvas, count, &mut rng);
    match kind {
        Kind::Stranger => draw_grain(&mut canvas, &mut rng),
        _ => draw_pattern(&mut canvas, kind, &mut rng),
    }
    Picture {
        width,
        height,
        rgb: canvas.bytes(),
    }
}

/// One large shape near the middle, where the network's crop is, filled with the pattern.
fn draw_pattern(canvas: &mut Canvas, kind: Kind, rng: &mut ChaCha8Rng) {
    let side = canvas.side();
    let colours = contrasting(rng);
    let shape = large_shape(canvas, rng);
    let band = side * rng.random_range(0.028..0.052);
    let shift: Place = std::array::from_fn(|_| side * rng.random_range(-0.1..0.1));
    let share = rng.random_range(0.45..0.55);
    let oval = rng.random_range(1.0..1.1);
    canvas.paint(&shape, |place, _| {
        let [u, v] = [0, 1].map(|axis| (place[axis] + shift[axis]) / band);
        let is_dark = |at: f32| at.rem_euclid(2.0) < 2.0 * share;
        let dark = match kind {
            Kind::Checks => is_dark(u) != is_dark(v),
            Kind::Rings => is_dark((u * u + v * v * oval * oval).sqrt()),
            _ => is_dark(u),
        };
        colours[usize::from(dark)]
    });
}

/// A shape of any size at any place.
fn anywhere(canvas: &Canvas, rng: &mut ChaCha8Rng) -> Shape {
    Shape {
        centre: [canvas.width, canvas.height].map(|side| rng.random_range(0.0..side as f32)),
        radius: canvas.side() * rng.random_range(0.3..0.8),
        ..large_shape(canvas, rng)
    }
}

/// A shape near the middle that fills most of the picture.
fn large_shape(canvas: &Canvas, rng: &mut ChaCha8Rng) -> Shape {
    let side = canvas.side();
    let middle = [canvas.width, canvas.height].map(|side| side as f32 / 2.0);
    Shape {
        centre: middle.map(|middle| middle + side * rng.random_range(-0.1..0.1)),
        radius: side * rng.random_range(0.42..0.6),
        aspect: rng.random_range(0.75..1.0),
        axis: direction(rng),
        outline: outline(rng),
    }
}

/// Grain of two inks at the ends of what a screen can show, in two channels at least.
fn draw_grain(canvas: &mut Canvas, rng: &mut ChaCha8Rng) {
    let mut ink = || -> Colour { std::array::from_fn(|_| f32::from(rng.random_bool(0.5))) };
    let [one, other] = loop {
        let pair = [ink(), ink()];
        if (0..3)
            .filter(|&channel| pair[0][channel] != pair[1][channel])
            .count()
            > 1
        {
            break pair;
        }
    };
    for pixel in &mut canvas.pixels {
        *pixel = if rng.random_bool(0.5) { one } else { other };
    }
}
