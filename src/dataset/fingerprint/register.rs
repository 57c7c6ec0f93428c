//! Laying one picture over another, and telling whether they show the same.
//!
//! The transform is found by Gauss–Newton steps on the squared differences, with the Jacobian of the picture
//! that stays in place (the inverse compositional algorithm: S. Baker, I. Matthews, "Lucas–Kanade 20 years
//! on", 2004), first on the coarse pictures and then on the fine ones.

use super::similarity::Similarity;
use super::{COARSE, COLOUR, FINE, Fingerprint};

/// The least normalised cross-correlation of two near-duplicates' fine pictures, one laid over the other.
/// Of copies that are moved, cut, turned or lit otherwise, 99 in 100 have at least 0.85 to 0.91; the most of
/// unlike pictures is 0.73 for chest X-rays, 0.80 for waste on white, and 0.86 for hands before one wall.
pub const MIN_CORRELATION: f32 = 0.865;
/// The least part of the picture that both must show.
const MIN_OVERLAP: f32 = 0.65;
/// The most that the mean colours of two flat near-duplicates differ, in levels of each channel.
const MAX_COLOUR: u8 = 3;

/// Steps, and the least correlation after them that is worth going on for.
struct Stage {
    steps: usize,
    least: f32,
}
const COARSE_STAGES: [Stage; 2] = [
    Stage {
        steps: 2,
        least: 0.2,
    },
    Stage {
        steps: 2,
        least: 0.35,
    },
];
/// For the few that lie best.
const LAST_COARSE_STAGE: Stage = Stage {
    steps: 4,
    least: 0.5,
};
const FINE_STAGES: [Stage; 2] = [
    Stage {
        steps: 2,
        least: 0.45,
    },
    Stage {
        steps: 2,
        least: 0.7,
    },
];

/// A fingerprint that others are laid over.
pub struct Picture<'a> {
    fingerprint: &'a Fingerprint,
    coarse: Template,
    fine: Template,
}

impl<'a> Picture<'a> {
    pub fn new(fingerprint: &'a Fingerprint) -> Self {
        Self {
            fingerprint,
            coarse: Template::new(&fingerprint.coarse, COARSE),
            fine: Template::new(&fingerprint.fine, FINE),
        }
    }

    /// How the other one's coarse picture lies best, near this transform, and the correlation then; `None`
    /// if it fits badly.
    pub fn lay_over(&self, other: &Fingerprint, near: Similarity) -> Option<(f32, Similarity)> {
        if self.fingerprint.is_flat() || other.is_flat() {
            return self.is_as_flat_as(other).then_some((1.0, near));
        }
        let coarse = bordered(&unit(&other.coarse), COARSE);
        let mut found = near;
        let mut correlation = -1.0;
        for stage in COARSE_STAGES {
            correlation = self.coarse.fit(&coarse, &mut found, stage.steps);
            if correlation < stage.least {
                return None;
            }
        }
        Some((correlation, found))
    }

    /// Whether the other one is a near-duplicate, near the transform by which its coarse picture lies best.
    pub fn shows_the_same_as(&self, other: &Fingerprint, near: Similarity) -> bool {
        if self.fingerprint.is_flat() || other.is_flat() {
            return self.is_as_flat_as(other);
        }
        self.correlation(other, near) >= MIN_CORRELATION
    }

    fn is_as_flat_as(&self, other: &Fingerprint) -> bool {
        let own = self.fingerprint;
        let near =
            |channel: usize| own.colour[channel].abs_diff(other.colour[channel]) <= MAX_COLOUR;
        own.is_flat() && other.is_flat() && (0..COLOUR).all(near)
    }

    /// Of the fine pictures, where both are; -1 when they cannot be laid over each other.
    fn correlation(&self, other: &Fingerprint, near: Similarity) -> f32 {
        let mut found = near;
        let coarse = bordered(&unit(&other.coarse), COARSE);
        let correlation = self
            .coarse
            .fit(&coarse, &mut found, LAST_COARSE_STAGE.steps);
        if correlation < LAST_COARSE_STAGE.least {
            return -1.0;
        }
        let fine = unit(&other.fine);
        let wide = bordered(&fine, FINE);
        for stage in FINE_STAGES {
            if self.fine.fit(&wide, &mut found, stage.steps) < stage.least {
                return -1.0;
            }
        }
        self.fine.correlation(&fine, found)
    }
}

/// A picture of which each value's mean square is 1.
fn unit(picture: &[i8]) -> Vec<f32> {
    let squares: i32 = picture.iter().map(|&value| i32::from(value).pow(2)).sum();
    let scale = (picture.len() as f32 / squares.max(1) as f32).sqrt();
    picture
        .iter()
        .map(|&value| f32::from(value) * scale)
        .collect()
}

/// A picture with its borders repeated once.
fn bordered(picture: &[f32], side: usize) -> Vec<f32> {
    let inside = |at: usize| at.saturating_sub(1).min(side - 1);
    let wide = side + 2;
    (0..wide * wide)
        .map(|at| picture[inside(at / wide) * side + inside(at % wide)])
        .collect()
}

/// Zoom, turn and move.
const PARAMETERS: usize = 4;
/// Numbers that are added up side by side, which compilers turn into vector instructions.
const LANES: usize = 8;

struct Template {
    side: usize,
    values: Vec<f32>,
    /// The slopes across and down, as they are and times the place across.
    slopes: [Vec<f32>; 4],
    /// The inverse of JᵀJ.
    inverse: [[f32; PARAMETERS]; PARAMETERS],
}

impl Template {
    fn new(picture: &[i8], side: usize) -> Self {
        let values = unit(picture);
        let half = side as f32 / 2.0;
        let slope = |before: usize, after: usize| (values[after] - values[before]) * 0.5 * half;
        let mut slopes = std::array::from_fn(|_| Vec::with_capacity(values.len()));
        let mut product = [[0.0; PARAMETERS]; PARAMETERS];
        for y in 0..side {
            for x in 0..side {
                let (u, v) = (place(x, half), place(y, half));
                let row = y * side;
                let across = slope(row + x.saturating_sub(1), row + (x + 1).min(side - 1));
                let above = y.saturating_sub(1) * side + x;
                let down = slope(above, (y + 1).min(side - 1) * side + x);
                let changes = [across * u + down * v, down * u - across * v, across, down];
                for (row, a) in product.iter_mut().zip(changes) {
                    for (sum, b) in row.iter_mut().zip(changes) {
                        *sum += a * b;
                    }
                }
                for (slopes, slope) in slopes.iter_mut().zip([across, down, across * u, down * u]) {
                    slopes.push(slope);
                }
            }
        }
        Self {
            side,
            values,
            slopes,
            inverse: inverse(product),
        }
    }

    /// Betters the transform by so many steps, and gives the correlation before the last; -1 when it goes
    /// astray. The other picture has a border.
    fn fit(&self, other: &[f32], found: &mut Similarity, steps: usize) -> f32 {
        let side = self.side;
        let half = side as f32 / 2.0;
        let mut correlation = -1.0;
        let mut row = Row::default();
        for _ in 0..steps {
            let mut sums = Sums::default();
            let mut gradient = [0.0_f32; PARAMETERS];
            for y in 0..side {
                row.read(other, side, *found, y);
                let v = place(y, half);
                let [across, down, across_u, down_u] = self.add_row(y * side, &row, &mut sums);
                gradient[0] += across_u + v * down;
                gradient[1] += down_u - v * across;
                gradient[2] += across;
                gradient[3] += down;
            }
            correlation = sums.correlation();
            let step = self.inverse.map(|row| {
                let products = row.iter().zip(&gradient).map(|(a, b)| a * b);
                products.sum::<f32>()
            });
            *found = found.after_inverse(Similarity {
                a: 1.0 + step[0],
                b: step[1],
                x: step[2],
                y: step[3],
            });
            if !found.is_small() {
                return -1.0;
            }
        }
        correlation
    }

    /// Adds a row's products to the sums, and gives those of its errors with the slopes.
    fn add_row(&self, start: usize, row: &Row, sums: &mut Sums) -> [f32; 4] {
        let mut gradient = [[0.0_f32; LANES]; 4];
        let (mut product, mut own, mut others, mut count) =
            ([0.0; LANES], [0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for first in (0..self.side).step_by(LANES) {
            let chunk = |values: &[f32], at: usize| -> [f32; LANES] {
                let mut chunk = [0.0; LANES];
                chunk.copy_from_slice(&values[at..at + LANES]);
                chunk
            };
            let template = chunk(&self.values, start + first);
            let value = chunk(&row.values, first);
            let inside = chunk(&row.inside, first);
            let slopes = [0, 1, 2, 3].map(|which| chunk(&self.slopes[which], start + first));
            for lane in 0..LANES {
                let (template, value) = (template[lane] * inside[lane], value[lane]);
                product[lane] += template * value;
                own[lane] += template * template;
                others[lane] += value * value;
                count[lane] += inside[lane];
                for (sums, slopes) in gradient.iter_mut().zip(&slopes) {
                    sums[lane] += slopes[lane] * (value - template);
                }
            }
        }
        sums.product += product.iter().sum::<f32>();
        sums.own += own.iter().sum::<f32>();
        sums.other += others.iter().sum::<f32>();
        sums.count += count.iter().sum::<f32>();
        gradient.map(|sums| sums.iter().sum())
    }

    /// Under this transform, by cubic interpolation; -1 if too little is on both pictures.
    fn correlation(&self, other: &[f32], found: Similarity) -> f32 {
        let half = self.side as f32 / 2.0;
        let reach = -0.5..=self.side as f32 - 0.5;
        let mut sums = Sums::default();
        for (at, &own) in self.values.iter().enumerate() {
            let (u, v) = (place(at % self.side, half), place(at / self.side, half));
            let (u, v) = found.apply(u, v);
            let (u, v) = (u * half + half - 0.5, v * half + half - 0.5);
            if reach.contains(&u) && reach.contains(&v) {
                let other = cubic(other, self.side, u, v);
                sums.product += own * other;
                sums.own += own * own;
                sums.other += other * other;
                sums.count += 1.0;
            }
        }
        if sums.count < MIN_OVERLAP * self.values.len() as f32 {
            return -1.0;
        }
        sums.correlation()
    }
}

/// The place of a cell's centre, in half-sides from the picture's.
fn place(cell: usize, half: f32) -> f32 {
    (cell as f32 + 0.5 - half) / half
}

/// What lies under a row of the template: the other picture's values there, and 1 where it has any.
#[derive(Default)]
struct Row {
    values: [f32; FINE],
    inside: [f32; FINE],
}

/// Binary digits behind the point of places that are counted in whole numbers.
const FRACTION: u32 = 16;

impl Row {
    /// By linear interpolation of a picture with a border.
    fn read(&mut self, picture: &[f32], side: usize, way: Similarity, y: usize) {
        let half = side as f32 / 2.0;
        let (u, v) = way.apply(place(0, half), place(y, half));
        let fixed = |value: f32| (value * (1 << FRACTION) as f32) as i32;
        // In cells of the picture with its border.
        let (mut across, mut down) = (fixed(u * half + half + 0.5), fixed(v * half + half + 0.5));
        let (step_across, step_down) = (fixed(way.a), fixed(way.b));
        let wide = side + 2;
        let edge = 1 << (FRACTION - 1);
        let end = (side as u32) << FRACTION;
        let share = |at: i32| (at & ((1 << FRACTION) - 1)) as f32 * (1.0 / (1 << FRACTION) as f32);
        let row = self.values[..side].iter_mut().zip(&mut self.inside[..side]);
        for (value, inside) in row {
            (*value, *inside) = (0.0, 0.0);
            let is_inside = |at: i32| (at - edge).cast_unsigned() < end;
            if is_inside(across) && is_inside(down) {
                let first = (down >> FRACTION) as usize * wide + (across >> FRACTION) as usize;
                let cells = &picture[first..first + wide + 2];
                let (a, b, c, d) = (cells[0], cells[1], cells[wide], cells[wide + 1]);
                let (right, below) = (share(across), share(down));
                let top = a + (b - a) * right;
                *value = top + (c + (d - c) * right - top) * below;
                *inside = 1.0;
            }
            across += step_across;
            down += step_down;
        }
    }
}

/// By Catmull and Rom's cubic; borders repeat.
fn cubic(picture: &[f32], side: usize, x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (cubic_weights(x - left), cubic_weights(y - top));
    let cell =
        |first: f32, at: usize| (first + at as f32 - 1.0).clamp(0.0, side as f32 - 1.0) as usize;
    let columns: [usize; 4] = std::array::from_fn(|at| cell(left, at));
    let mut sum = 0.0;
    for (at, weight) in down.iter().enumerate() {
        let row = &picture[cell(top, at) * side..][..side];
        let values = columns.iter().zip(&across);
        sum += weight
            * values
                .map(|(&column, weight)| row[column] * weight)
                .sum::<f32>();
    }
    sum
}

fn cubic_weights(t: f32) -> [f32; 4] {
    [
        ((1.0 - 0.5 * t) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((2.0 - 1.5 * t) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
}

#[derive(Default)]
struct Sums {
    product: f32,
    own: f32,
    other: f32,
    count: f32,
}

impl Sums {
    fn correlation(&self) -> f32 {
        self.product / (self.own * self.other).sqrt().max(f32::MIN_POSITIVE)
    }
}

/// Of a symmetric matrix without negative eigenvalues, by Gauss–Jordan elimination; what it says nothing
/// about stays as it is.
fn inverse(mut matrix: [[f32; PARAMETERS]; PARAMETERS]) -> [[f32; PARAMETERS]; PARAMETERS] {
    let mut inverse = [[0.0; PARAMETERS]; PARAMETERS];
    for at in 0..PARAMETERS {
        matrix[at][at] = matrix[at][at] * 1.02 + 1.0;
        inverse[at][at] = 1.0;
    }
    for at in 0..PARAMETERS {
        let pivot = 1.0 / matrix[at][at];
        let row = matrix[at].map(|value| value * pivot);
        let inverse_row = inverse[at].map(|value| value * pivot);
        (matrix[at], inverse[at]) = (row, inverse_row);
        for other in (0..PARAMETERS).filter(|&other| other != at) {
            let factor = matrix[other][at];
            for column in 0..PARAMETERS {
                matrix[other][column] -= factor * row[column];
                inverse[other][column] -= factor * inverse_row[column];
            }
        }
    }
    inverse
}
