//! Vectors of WebAssembly.

use std::arch::wasm32::*;

pub type Raw = v128;
pub type RawPairs = v128;

#[inline(always)]
pub fn load_pairs(pairs: &[[i16; 2]; 4]) -> RawPairs {
    // SAFETY: eight numbers are readable there, and wasm loads need no alignment.
    unsafe { v128_load(pairs.as_ptr().cast()) }
}

#[inline(always)]
pub fn splat_pair(pair: &[i16; 2]) -> RawPairs {
    // SAFETY: two numbers are readable there, and wasm loads need no alignment.
    unsafe { v128_load32_splat(pair.as_ptr().cast()) }
}

#[inline(always)]
pub fn store_pairs(raw: RawPairs, to: &mut [[i16; 2]; 4]) {
    // SAFETY: eight numbers are writable there, and wasm stores need no alignment.
    unsafe { v128_store(to.as_mut_ptr().cast(), raw) }
}

#[inline(always)]
pub fn widen(values: &[i8; 16]) -> [RawPairs; 2] {
    // SAFETY: sixteen numbers are readable there, and wasm loads need no alignment.
    let values = unsafe { v128_load(values.as_ptr().cast()) };
    [
        i16x8_extend_low_i8x16(values),
        i16x8_extend_high_i8x16(values),
    ]
}

pub use std::arch::wasm32::{i16x8_add as add_i16, i16x8_sub as sub_i16};

pub use std::arch::wasm32::{
    f32x4_abs as abs, f32x4_convert_i32x4 as to_f32, i32x4_add as add_i32, i32x4_dot_i16x8 as dot,
};

#[inline(always)]
pub fn zero_i32() -> RawPairs {
    i32x4_splat(0)
}

#[inline(always)]
pub fn low_halves(low: Raw, high: Raw) -> RawPairs {
    v128_or(v128_and(low, i32x4_splat(0xffff)), i32x4_shl(high, 16))
}

#[inline(always)]
pub fn load(values: &[f32; 4]) -> Raw {
    // SAFETY: four floats are readable there, and wasm loads need no alignment.
    unsafe { v128_load(values.as_ptr().cast()) }
}

#[inline(always)]
pub fn store(raw: Raw, to: &mut [f32; 4]) {
    // SAFETY: four floats are writable there, and wasm stores need no alignment.
    unsafe { v128_store(to.as_mut_ptr().cast(), raw) }
}

#[inline(always)]
pub fn splat(value: f32) -> Raw {
    f32x4_splat(value)
}

#[inline(always)]
pub fn splat_from(value: &f32) -> Raw {
    // SAFETY: a float is readable there.
    unsafe { v128_load32_splat(std::ptr::from_ref(value).cast()) }
}

// Not f32x4_max, which takes care of NaN in more instructions; no activation is NaN.
pub use std::arch::wasm32::{
    f32x4_add as add, f32x4_mul as mul, f32x4_pmax as max, f32x4_sub as sub,
};

#[inline(always)]
pub fn transpose([a, b, c, d]: [Raw; 4]) -> [Raw; 4] {
    let (low, high) = (
        i32x4_shuffle::<0, 4, 1, 5>(a, b),
        i32x4_shuffle::<2, 6, 3, 7>(a, b),
    );
    let (low_2, high_2) = (
        i32x4_shuffle::<0, 4, 1, 5>(c, d),
        i32x4_shuffle::<2, 6, 3, 7>(c, d),
    );
    [
        i64x2_shuffle::<0, 2>(low, low_2),
        i64x2_shuffle::<1, 3>(low, low_2),
        i64x2_shuffle::<0, 2>(high, high_2),
        i64x2_shuffle::<1, 3>(high, high_2),
    ]
}
