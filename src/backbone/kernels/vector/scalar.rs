//! What stands for vectors where there are none.

use std::array::from_fn;

pub type Raw = [f32; 4];
pub type RawPairs = [i32; 4];

#[inline(always)]
pub fn load_pairs(pairs: &[[i16; 2]; 4]) -> RawPairs {
    pairs.map(pair)
}

#[inline(always)]
fn pair([low, high]: [i16; 2]) -> i32 {
    i32::from(high) << 16 | i32::from(low as u16)
}

#[inline(always)]
pub fn splat_pair(values: &[i16; 2]) -> RawPairs {
    [pair(*values); 4]
}

#[inline(always)]
pub fn store_pairs(raw: RawPairs, to: &mut [[i16; 2]; 4]) {
    *to = raw.map(|pair| [pair as i16, (pair >> 16) as i16]);
}

#[inline(always)]
pub fn widen(values: &[i8; 16]) -> [RawPairs; 2] {
    let widened = |at: usize| pair([values[at].into(), values[at + 1].into()]);
    from_fn(|half| from_fn(|lane| widened(8 * half + 2 * lane)))
}

#[inline(always)]
pub fn add_i16(a: RawPairs, b: RawPairs) -> RawPairs {
    each(a, b, i16::wrapping_add)
}

#[inline(always)]
pub fn sub_i16(a: RawPairs, b: RawPairs) -> RawPairs {
    each(a, b, i16::wrapping_sub)
}

#[inline(always)]
fn each(a: RawPairs, b: RawPairs, map: fn(i16, i16) -> i16) -> RawPairs {
    from_fn(|i| {
        pair([
            map(a[i] as i16, b[i] as i16),
            map((a[i] >> 16) as i16, (b[i] >> 16) as i16),
        ])
    })
}

#[inline(always)]
pub fn zero_i32() -> RawPairs {
    [0; 4]
}

#[inline(always)]
pub fn add_i32(a: RawPairs, b: RawPairs) -> RawPairs {
    from_fn(|i| a[i].wrapping_add(b[i]))
}

#[inline(always)]
pub fn dot(a: RawPairs, b: RawPairs) -> RawPairs {
    let low = |pair: i32| i32::from(pair as i16);
    from_fn(|i| (low(a[i]) * low(b[i])).wrapping_add((a[i] >> 16) * (b[i] >> 16)))
}

#[inline(always)]
pub fn to_f32(raw: RawPairs) -> Raw {
    raw.map(|value| value as f32)
}

#[inline(always)]
pub fn abs(raw: Raw) -> Raw {
    raw.map(f32::abs)
}

#[inline(always)]
pub fn low_halves(low: Raw, high: Raw) -> RawPairs {
    from_fn(|i| (low[i].to_bits() & 0xffff | high[i].to_bits() << 16) as i32)
}

#[inline(always)]
pub fn load(values: &[f32; 4]) -> Raw {
    *values
}

#[inline(always)]
pub fn store(raw: Raw, to: &mut [f32; 4]) {
    *to = raw;
}

#[inline(always)]
pub fn splat(value: f32) -> Raw {
    [value; 4]
}

#[inline(always)]
pub fn splat_from(value: &f32) -> Raw {
    splat(*value)
}

#[inline(always)]
pub fn add(a: Raw, b: Raw) -> Raw {
    from_fn(|i| a[i] + b[i])
}

#[inline(always)]
pub fn sub(a: Raw, b: Raw) -> Raw {
    from_fn(|i| a[i] - b[i])
}

#[inline(always)]
pub fn mul(a: Raw, b: Raw) -> Raw {
    from_fn(|i| a[i] * b[i])
}

#[inline(always)]
pub fn max(a: Raw, b: Raw) -> Raw {
    from_fn(|i| a[i].max(b[i]))
}

#[inline(always)]
pub fn transpose(rows: [Raw; 4]) -> [Raw; 4] {
    from_fn(|column| from_fn(|row| rows[row][column]))
}
