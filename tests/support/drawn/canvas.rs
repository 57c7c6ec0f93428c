//! What drawn pictures are made of. All of it is sums, products, quotients and square roots, which IEEE 754 rounds in one
//! way, so that a seed draws the same picture on every machine.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Red, green and blue, about 0 to 1.
pub type Colour = [f32; 3];

/// Pixels, rows from the top.
pub struct Canvas {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<Colour>,
}

/// A place in a shape's own axes, in pixels from its centre.
pub type Place = [f32; 2];

/// A shape's place, size and angle.
pub struct Shape {
    pub centre: Place,
    /// Half of its longer axis, in pixels.
    pub radius: f32,
    /// The shorter axis over the longer.
    pub aspect: f32,
    /// The longer axis: a vector of length 1.
    pub axis: Place,
    pub outline: Outline,
}

#[derive(Clone, Copy)]
pub enum Outline {
    Ellipse,
    Rectangle,
}

impl Canvas {
    pub fn new(width: usize, height: usize, colour: Colour) -> Self {
        let pixels = vec![colour; width * height];
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The shorter side.
    pub fn side(&self) -> f32 {
        self.width.min(self.height) as f32
    }

    /// Paints the inside of a shape, each pixel by its place in the shape's axes and its colour so far.
    pub fn paint(&mut self, shape: &Shape, colour: impl Fn(Place, Colour) -> Colour) {
        let reach = match shape.outline {
            Outline::Ellipse => shape.radius,
            // A corner is further from the centre than the radius.
            Outline::Rectangle => shape.radius * std::f32::consts::SQRT_2,
        };
        let span = |centre: f32, side: usize| {
            let clip = |value: f32| value.clamp(0.0, side as f32) as usize;
            clip(centre - reach)..clip(centre + reach + 1.0)
        };
        let [x, y] = shape.centre;
        let [cos, sin] = shape.axis;
        for row in span(y, self.height) {
            for column in span(x, self.width) {
                let (dx, dy) = (column as f32 - x, row as f32 - y);
                let place = [dx * cos + dy * sin, dy * cos - dx * sin];
                let u = place[0] / shape.radius;
                let v = place[1] / (shape.radius * shape.aspect);
                let inside = match shape.outline {
                    Outline::Ellipse => u * u + v * v < 1.0,
                    Outline::Rectangle => u.abs() < 1.0 && v.abs() < 1.0,
                };
                if inside {
                    let pixel = &mut self.pixels[row * self.width + column];
                    *pixel = colour(place, *pixel);
                }
            }
        }
    }

    /// RGB bytes, `[height, width, 3]`.
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |value: &f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
        self.pixels.as_flattened().iter().map(byte).collect()
    }
}

/// A vector of length 1.
pub fn direction(rng: &mut ChaCha8Rng) -> Place {
    loop {
        let [x, y]: Place = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
        let square = x * x + y * y;
        if (0.01..1.0).contains(&square) {
            let length = square.sqrt();
            return [x / length, y / length];
        }
    }
}

pub fn colour(rng: &mut ChaCha8Rng) -> Colour {
    std::array::from_fn(|_| rng.random_range(0.05..0.85))
}

/// A dark and a light colour, in any order.
pub fn contrasting(rng: &mut ChaCha8Rng) -> [Colour; 2] {
    let dark: f32 = rng.random_range(0.15..0.3);
    let light = dark + rng.random_range(0.25..0.4);
    let mut tinted = |level: f32| std::array::from_fn(|_| level + rng.random_range(-0.25..0.25));
    let pair = [tinted(dark), tinted(light)];
    if rng.random_bool(0.5) {
        pair
    } else {
        [pair[1], pair[0]]
    }
}

/// Leaves that cover one another, with radii of density r⁻³: edges at every scale, as photos have them (Lee, Mumford, Huang
/// 2001, "Occlusion Models for Natural Images").
pub fn leaves(canvas: &mut Canvas, count: usize, rng: &mut ChaCha8Rng) {
    let side = canvas.side();
    let [low, high] = [0.02, 0.5].map(|share| 1.0 / (side * share * (side * share)));
    for _ in 0..count {
        let fill = colour(rng);
        let shade = rng.random_range(-0.2..0.2);
        let radius = 1.0 / rng.random_range(high..low).sqrt();
        let shape = Shape {
            centre: [canvas.width, canvas.height].map(|side| rng.random_range(0.0..side as f32)),
            radius,
            aspect: rng.random_range(0.3..1.0),
            axis: direction(rng),
            outline: outline(rng),
        };
        canvas.paint(&shape, |[u, _], _| {
            fill.map(|level| level + shade * u / radius)
        });
    }
}

pub fn outline(rng: &mut ChaCha8Rng) -> Outline {
    if rng.random_bool(0.5) {
        Outline::Ellipse
    } else {
        Outline::Rectangle
    }
}
