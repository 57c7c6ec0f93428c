//! Four floats, or eight integers, at once, in the processor's own vectors where there are some.

use std::ops::{Add, Mul, Sub};

/// How many floats a vector holds.
pub(super) const LANES: usize = 4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[path = "simd128.rs"]
mod native;

#[cfg(target_arch = "x86_64")]
#[path = "sse2.rs"]
mod native;

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
#[path = "scalar.rs"]
mod native;

/// Four floats.
#[derive(Clone, Copy)]
pub(super) struct F32x4(native::Raw);

impl F32x4 {
    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(native::splat(value))
    }

    /// One float from memory, four times.
    #[inline(always)]
    pub fn splat_from(value: &f32) -> Self {
        Self(native::splat_from(value))
    }

    #[inline(always)]
    pub fn load(values: &[f32; LANES]) -> Self {
        Self(native::load(values))
    }

    #[inline(always)]
    pub fn store(self, to: &mut [f32; LANES]) {
        native::store(self.0, to);
    }

    /// `self · factor + addend`
    #[inline(always)]
    pub fn mul_add(self, factor: Self, addend: Self) -> Self {
        self * factor + addend
    }

    #[inline(always)]
    pub fn scale(self, factor: f32) -> Self {
        self * Self::splat(factor)
    }

    /// Rows for columns.
    #[inline(always)]
    pub fn transpose(rows: [Self; LANES]) -> [Self; LANES] {
        native::transpose(rows.map(|row| row.0)).map(Self)
    }

    /// Rounds floats between -32768 and 32767.
    #[inline(always)]
    pub fn round_pairs(self) -> [[i16; 2]; 2] {
        let mut values = [0.0; LANES];
        (self + Self::splat(ROUNDING)).store(&mut values);
        let [a, b, c, d] = values.map(|value| value.to_bits() as i16);
        [[a, b], [c, d]]
    }

    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(native::abs(self.0))
    }

    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(native::max(self.0, other.0))
    }
}

/// 1.5 · 2²³: what is added to it is rounded to an integer, which the low bits then hold.
const ROUNDING: f32 = 12_582_912.0;

/// Pairs of 16-bit integers, four of them.
pub(super) type Pairs = [[i16; 2]; LANES];

/// Four 32-bit integers.
#[derive(Clone, Copy)]
pub(super) struct I32x4(native::RawPairs);

/// Four pairs of 16-bit integers.
#[derive(Clone, Copy)]
pub(super) struct I16x8(native::RawPairs);

impl I16x8 {
    /// Sixteen integers of 8 bits.
    #[inline(always)]
    pub fn widen(values: &[i8; 16]) -> [Self; 2] {
        native::widen(values).map(Self)
    }

    #[inline(always)]
    pub fn load(pairs: &Pairs) -> Self {
        Self(native::load_pairs(pairs))
    }

    /// One pair from memory, four times.
    #[inline(always)]
    pub fn splat_from(pair: &[i16; 2]) -> Self {
        Self(native::splat_pair(pair))
    }

    #[inline(always)]
    pub fn store(self, to: &mut Pairs) {
        native::store_pairs(self.0, to);
    }

    /// Rounds floats between -32768 and 32767: pairs of one of `low` and one of `high`.
    #[inline(always)]
    pub fn round(low: F32x4, high: F32x4) -> Self {
        let shift = F32x4::splat(ROUNDING);
        Self(native::low_halves((low + shift).0, (high + shift).0))
    }
}

impl Add for I16x8 {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(native::add_i16(self.0, other.0))
    }
}

impl Sub for I16x8 {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(native::sub_i16(self.0, other.0))
    }
}

impl I32x4 {
    #[inline(always)]
    pub fn zero() -> Self {
        Self(native::zero_i32())
    }

    /// Adds each pair's sum of products.
    #[inline(always)]
    pub fn add_dot(self, a: I16x8, b: I16x8) -> Self {
        Self(native::add_i32(self.0, native::dot(a.0, b.0)))
    }

    #[inline(always)]
    pub fn to_f32(self) -> F32x4 {
        F32x4(native::to_f32(self.0))
    }
}

impl Add for F32x4 {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(native::add(self.0, other.0))
    }
}

impl Sub for F32x4 {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(native::sub(self.0, other.0))
    }
}

impl Mul for F32x4 {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(native::mul(self.0, other.0))
    }
}
