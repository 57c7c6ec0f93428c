//! Keys: a few bits of a fingerprint, to find likely copies by.
//!
//! A key says where the middle of the coarse picture is brighter than its surroundings. The picture that is
//! looked for has several, one for each way in which it could have been moved, turned or zoomed; what all of
//! them see is inside the picture, so that nothing needs to be known of its outside. The rough key, of 64
//! bits, is quick enough to be compared with every image's; the finer one orders those that it finds.

use std::sync::LazyLock;

use super::band::blur;
use super::similarity::Similarity;
use super::{COARSE, Fingerprint};

/// Places along a side at which a rough key looks.
const ROUGH: usize = 8;
/// Places along a side at which a finer key looks.
const FINER: usize = 11;
/// Where the outermost are, in half-sides from the centre.
const REACH: f32 = 0.72;
/// The mean square of the fine picture below which there is nothing to see.
const FLAT: u32 = 9;

const fn way(a: f32, b: f32, x: f32, y: f32) -> Similarity {
    Similarity { a, b, x, y }
}

/// How a copy may be moved, turned or zoomed, with the tolerance of a rough key.
const ROUGH_WAYS: [Similarity; 17] = [
    Similarity::IDENTITY,
    way(1.0, 0.0, -0.16, -0.16),
    way(1.0, 0.0, 0.0, -0.16),
    way(1.0, 0.0, 0.16, -0.16),
    way(1.0, 0.0, -0.16, 0.0),
    way(1.0, 0.0, 0.16, 0.0),
    way(1.0, 0.0, -0.16, 0.16),
    way(1.0, 0.0, 0.0, 0.16),
    way(1.0, 0.0, 0.16, 0.16),
    way(1.0, 0.0, -0.07, -0.07),
    way(1.0, 0.0, 0.07, -0.07),
    way(1.0, 0.0, -0.07, 0.07),
    way(1.0, 0.0, 0.07, 0.07),
    way(0.89, 0.0, 0.0, 0.0),
    way(1.12, 0.0, 0.0, 0.0),
    way(1.0, -0.087, 0.0, 0.0),
    way(1.0, 0.087, 0.0, 0.0),
];

/// Steps of moving in the finer ways, to either side of none.
const MOVES: usize = 5;
/// Where the finer ways have that of no change; the rough ones begin with it.
const AS_IS: usize = MOVES * MOVES / 2;
const FINER_WAYS: [Similarity; MOVES * MOVES + 24] = {
    let mut ways = [Similarity::IDENTITY; MOVES * MOVES + 24];
    let mut at = 0;
    while at < MOVES * MOVES {
        let (x, y) = ((at % MOVES) as f32 - 2.0, (at / MOVES) as f32 - 2.0);
        ways[at] = way(1.0, 0.0, 0.1 * x, 0.1 * y);
        at += 1;
    }
    // Cut at the corners and in the middle; turned, as it is and cut.
    let mut zoom = 0;
    while zoom < 2 {
        let (a, b) = [(0.89, 0.945), (1.12, 1.055)][zoom];
        let rest = [
            way(a, 0.0, 0.0, 0.0),
            way(a, 0.0, -0.1, -0.1),
            way(a, 0.0, 0.1, -0.1),
            way(a, 0.0, -0.1, 0.1),
            way(a, 0.0, 0.1, 0.1),
            way(a, 0.09, 0.0, 0.0),
            way(a, -0.09, 0.0, 0.0),
            way(1.0, [-0.087, 0.087][zoom], 0.0, 0.0),
            way(b, 0.0, -0.055, -0.055),
            way(b, 0.0, 0.055, -0.055),
            way(b, 0.0, -0.055, 0.055),
            way(b, 0.0, 0.055, 0.055),
        ];
        let mut next = 0;
        while next < rest.len() {
            ways[at] = rest[next];
            at += 1;
            next += 1;
        }
        zoom += 1;
    }
    ways
};

/// A picture's rough key, as one that may be found.
pub type RoughKey = u64;
/// A picture's finer key, as one that may be found.
pub type FinerKey = u128;

/// A picture's keys, as the one that is looked for.
#[derive(Debug, Clone)]
pub struct Probe {
    rough: [RoughKey; ROUGH_WAYS.len()],
    finer: [FinerKey; FINER_WAYS.len()],
}

impl Fingerprint {
    pub(crate) fn keys(&self) -> (RoughKey, FinerKey) {
        let seen = Seen::of(self);
        (seen.rough(0), seen.finer(AS_IS))
    }

    pub(crate) fn probe(&self) -> Probe {
        let seen = Seen::of(self);
        Probe {
            rough: std::array::from_fn(|way| seen.rough(way)),
            finer: std::array::from_fn(|way| seen.finer(way)),
        }
    }

    /// Whether there is nothing to see but a colour.
    pub(super) fn is_flat(&self) -> bool {
        let squares = self.fine.iter().map(|&value| i32::from(value).pow(2));
        squares.sum::<i32>().unsigned_abs() < FLAT * self.fine.len() as u32
    }
}

impl Probe {
    /// In how many bits each rough key differs from the most alike way.
    pub fn rough_distances(&self, keys: &[RoughKey], distances: &mut Vec<u8>) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("popcnt") {
            // SAFETY: the processor has the instruction.
            unsafe { rough_distances_popcnt(&self.rough, keys, distances) };
            return;
        }
        rough_distances(&self.rough, keys, distances);
    }

    /// In how many bits a finer key differs from the most alike way, and this way, as what takes a place of
    /// this picture to that of the key.
    pub fn finer_distance(&self, key: FinerKey) -> (u32, Similarity) {
        let ways = FINER_WAYS.iter().zip(&self.finer);
        let distances = ways.map(|(way, own)| ((own ^ key).count_ones(), way));
        let nearest = distances.min_by_key(|&(distance, _)| distance);
        nearest.map_or((u32::MAX, Similarity::IDENTITY), |(distance, &way)| {
            (distance, Similarity::IDENTITY.after_inverse(way))
        })
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "popcnt")]
fn rough_distances_popcnt(probe: &[RoughKey], keys: &[RoughKey], distances: &mut Vec<u8>) {
    rough_distances(probe, keys, distances);
}

#[inline(always)]
fn rough_distances(probe: &[RoughKey], keys: &[RoughKey], distances: &mut Vec<u8>) {
    distances.clear();
    distances.extend(keys.iter().map(|key| {
        let ways = probe.iter().map(|own| (own ^ key).count_ones() as u8);
        ways.fold(u8::MAX, u8::min)
    }));
}

type Coarse = [i32; COARSE * COARSE];

/// What keys are made from.
enum Seen {
    /// A colour alone, so bright, up to 127.
    Flat(u32),
    /// The coarse picture as it is and without its finest detail, which is elsewhere after the least move.
    Coarse {
        sharp: Box<Coarse>,
        smooth: Box<Coarse>,
    },
}

impl Seen {
    fn of(fingerprint: &Fingerprint) -> Self {
        if fingerprint.is_flat() {
            let channels = fingerprint.colour.iter();
            let sum: u32 = channels.map(|&value| u32::from(value)).sum();
            return Self::Flat(sum / 6);
        }
        // Room for rounding.
        let mut picture = fingerprint.coarse.map(|value| i64::from(value) << 6);
        let mut blurred = |times| {
            blur::<COARSE>(&mut picture, times);
            // Of at most 14 bits.
            Box::new(picture.map(|value| value as i32))
        };
        let sharp = blurred(1);
        Self::Coarse {
            sharp,
            smooth: blurred(2),
        }
    }

    fn rough(&self, way: usize) -> RoughKey {
        match self {
            // As many bits as it is bright, so that those found are of about the same grey.
            Self::Flat(grey) => (1 << (grey / 2)) - 1,
            Self::Coarse { smooth, .. } => bits(smooth, of_way(&ROUGH_SPOTS, ROUGH, way)) as u64,
        }
    }

    fn finer(&self, way: usize) -> FinerKey {
        match self {
            Self::Flat(grey) => (1 << grey) - 1,
            Self::Coarse { sharp, .. } => bits(sharp, of_way(&FINER_SPOTS, FINER, way)),
        }
    }
}

/// Where to read the coarse picture: the first of four cells, and the shares of its right and lower ones.
struct Spot {
    cell: usize,
    right: i32,
    down: i32,
}

/// What the shares are of.
const WHOLE: i32 = 256;

/// The spots of all ways, `SIDE`² of each.
fn spots<const SIDE: usize>(ways: &[Similarity]) -> Vec<Spot> {
    let half = COARSE as f32 / 2.0;
    let cell = |place: f32| (place * half + half - 0.5).clamp(0.0, COARSE as f32 - 1.001);
    let place = |at: usize| (at as f32 * (2.0 / (SIDE - 1) as f32) - 1.0) * REACH;
    let of_way = |way: &Similarity| {
        let way = *way;
        (0..SIDE * SIDE).map(move |at| {
            let (u, v) = way.apply(place(at % SIDE), place(at / SIDE));
            let (x, y) = (cell(u), cell(v));
            let share = |at: f32| ((at - at.floor()) * WHOLE as f32) as i32;
            Spot {
                cell: y as usize * COARSE + x as usize,
                right: share(x),
                down: share(y),
            }
        })
    };
    ways.iter().flat_map(of_way).collect()
}

static ROUGH_SPOTS: LazyLock<Vec<Spot>> = LazyLock::new(|| spots::<ROUGH>(&ROUGH_WAYS));
static FINER_SPOTS: LazyLock<Vec<Spot>> = LazyLock::new(|| spots::<FINER>(&FINER_WAYS));

fn of_way(spots: &[Spot], side: usize, way: usize) -> &[Spot] {
    &spots[way * side * side..][..side * side]
}

/// Where a picture is above zero.
fn bits(picture: &Coarse, spots: &[Spot]) -> u128 {
    spots.iter().fold(0, |bits, spot| {
        let row = |at: usize| picture[at] * (WHOLE - spot.right) + picture[at + 1] * spot.right;
        let value = row(spot.cell) * (WHOLE - spot.down) + row(spot.cell + COARSE) * spot.down;
        bits << 1 | u128::from(value > 0)
    })
}
