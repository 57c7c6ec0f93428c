//! Similarity transforms: moving, turning and zooming.

/// Takes a place (u, v) of one picture, in half-sides from its centre, to one of another:
/// (a·u − b·v + x, b·u + a·v + y).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    pub a: f32,
    pub b: f32,
    pub x: f32,
    pub y: f32,
}

/// The most that a copy is zoomed, either way.
const MAX_ZOOM: f32 = 1.25;
/// The sine times zoom of the most that a copy is turned, about 8.6°.
const MAX_TURN: f32 = 0.15;
/// The most that a copy is moved, in half-sides.
const MAX_MOVE: f32 = 0.26;

impl Similarity {
    pub const IDENTITY: Self = Self {
        a: 1.0,
        b: 0.0,
        x: 0.0,
        y: 0.0,
    };

    pub fn apply(self, u: f32, v: f32) -> (f32, f32) {
        (
            self.a * u - self.b * v + self.x,
            self.b * u + self.a * v + self.y,
        )
    }

    /// This one after the inverse of another.
    pub fn after_inverse(self, other: Self) -> Self {
        let square = other.a * other.a + other.b * other.b;
        let a = (self.a * other.a + self.b * other.b) / square;
        let b = (self.b * other.a - self.a * other.b) / square;
        Self {
            a,
            b,
            x: self.x - (a * other.x - b * other.y),
            y: self.y - (b * other.x + a * other.y),
        }
    }

    /// Whether a copy may be moved, turned and zoomed so; never for what is not finite.
    pub fn is_small(self) -> bool {
        let zoom = self.a * self.a + self.b * self.b;
        (1.0 / (MAX_ZOOM * MAX_ZOOM)..=MAX_ZOOM * MAX_ZOOM).contains(&zoom)
            && self.b.abs() <= MAX_TURN
            && self.x.abs() <= MAX_MOVE
            && self.y.abs() <= MAX_MOVE
    }
}
