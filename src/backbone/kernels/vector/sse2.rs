//! Vectors of x86_64, all of which has SSE2.

use std::arch::x86_64::*;

pub type Raw = __m128;
pub type RawPairs = __m128i;

#[inline(always)]
pub fn load_pairs(pairs: &[[i16; 2]; 4]) -> RawPairs {
    // SAFETY: eight numbers are readable there; SSE2 is part of x86_64.
    unsafe { _mm_loadu_si128(pairs.as_ptr().cast()) }
}

#[inline(always)]
pub fn splat_pair(&[low, high]: &[i16; 2]) -> RawPairs {
    let pair = i32::from(high) << 16 | i32::from(low as u16);
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_set1_epi32(pair) }
}

#[inline(always)]
pub fn store_pairs(raw: RawPairs, to: &mut [[i16; 2]; 4]) {
    // SAFETY: eight numbers are writable there; SSE2 is part of x86_64.
    unsafe { _mm_storeu_si128(to.as_mut_ptr().cast(), raw) }
}

#[inline(always)]
pub fn widen(values: &[i8; 16]) -> [RawPairs; 2] {
    // SAFETY: sixteen numbers are readable there; SSE2 is part of x86_64.
    unsafe {
        let values = _mm_loadu_si128(values.as_ptr().cast());
        // Into the upper bytes, from where the shift brings the sign along.
        [
            _mm_srai_epi16::<8>(_mm_unpacklo_epi8(values, values)),
            _mm_srai_epi16::<8>(_mm_unpackhi_epi8(values, values)),
        ]
    }
}

#[inline(always)]
pub fn add_i16(a: RawPairs, b: RawPairs) -> RawPairs {
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_add_epi16(a, b) }
}

#[inline(always)]
pub fn sub_i16(a: RawPairs, b: RawPairs) -> RawPairs {
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_sub_epi16(a, b) }
}

#[inline(always)]
pub fn zero_i32() -> RawPairs {
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_setzero_si128() }
}

#[inline(always)]
pub fn add_i32(a: RawPairs, b: RawPairs) -> RawPairs {
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_add_epi32(a, b) }
}

#[inline(always)]
pub fn dot(a: RawPairs, b: RawPairs) -> RawPairs {
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_madd_epi16(a, b) }
}

#[inline(always)]
pub fn to_f32(raw: RawPairs) -> Raw {
    // SAFETY: SSE2 is part of x86_64.
    unsafe { _mm_cvtepi32_ps(raw) }
}

#[inline(always)]
pub fn abs(raw: Raw) -> Raw {
    // SAFETY: SSE is part of x86_64.
    unsafe { _mm_andnot_ps(_mm_set1_ps(-0.0), raw) }
}

#[inline(always)]
pub fn low_halves(low: Raw, high: Raw) -> RawPairs {
    // SAFETY: SSE2 is part of x86_64.
    unsafe {
        _mm_or_si128(
            _mm_and_si128(_mm_castps_si128(low), _mm_set1_epi32(0xffff)),
            _mm_slli_epi32::<16>(_mm_castps_si128(high)),
        )
    }
}

#[inline(always)]
pub fn load(values: &[f32; 4]) -> Raw {
    // SAFETY: four floats are readable there; SSE is part of x86_64.
    unsafe { _mm_loadu_ps(values.as_ptr()) }
}

#[inline(always)]
pub fn store(raw: Raw, to: &mut [f32; 4]) {
    // SAFETY: four floats are writable there; SSE is part of x86_64.
    unsafe { _mm_storeu_ps(to.as_mut_ptr(), raw) }
}

#[inline(always)]
pub fn splat(value: f32) -> Raw {
    // SAFETY: SSE is part of x86_64.
    unsafe { _mm_set1_ps(value) }
}

#[inline(always)]
pub fn splat_from(value: &f32) -> Raw {
    splat(*value)
}

#[inline(always)]
pub fn add(a: Raw, b: Raw) -> Raw {
    // SAFETY: SSE is part of x86_64.
    unsafe { _mm_add_ps(a, b) }
}

#[inline(always)]
pub fn sub(a: Raw, b: Raw) -> Raw {
    // SAFETY: SSE is part of x86_64.
    unsafe { _mm_sub_ps(a, b) }
}

#[inline(always)]
pub fn mul(a: Raw, b: Raw) -> Raw {
    // SAFETY: SSE is part of x86_64.
    unsafe { _mm_mul_ps(a, b) }
}

#[inline(always)]
pub fn max(a: Raw, b: Raw) -> Raw {
    // SAFETY: SSE is part of x86_64.
    unsafe { _mm_max_ps(a, b) }
}

#[inline(always)]
pub fn transpose([mut a, mut b, mut c, mut d]: [Raw; 4]) -> [Raw; 4] {
    // SAFETY: SSE is part of x86_64.
    unsafe { _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d) };
    [a, b, c, d]
}
