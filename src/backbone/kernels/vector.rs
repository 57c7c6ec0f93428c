//! Four floats at once, in the processor's own vectors where there are some.

use std::ops::{Add, Mul, Sub};

/// How many floats a vector holds.
pub(super) const LANES: usize = 4;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod native {
    use std::arch::wasm32::*;

    pub type Raw = v128;

    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Raw {
        // SAFETY: four floats are readable there, and wasm loads need no alignment.
        unsafe { v128_load(values.as_ptr().cast()) }
    }

    #[inline(always)]
    pub fn widen(values: &[i8; 4]) -> Raw {
        // SAFETY: four bytes are readable there, and wasm loads need no alignment.
        let bytes = unsafe { v128_load32_zero(values.as_ptr().cast()) };
        f32x4_convert_i32x4(i32x4_extend_low_i16x8(i16x8_extend_low_i8x16(bytes)))
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

    #[cfg(target_feature = "relaxed-simd")]
    pub use std::arch::wasm32::f32x4_relaxed_madd as mul_add;

    #[cfg(not(target_feature = "relaxed-simd"))]
    #[inline(always)]
    pub fn mul_add(a: Raw, b: Raw, c: Raw) -> Raw {
        f32x4_add(f32x4_mul(a, b), c)
    }

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
}

#[cfg(target_arch = "x86_64")]
mod native {
    use std::arch::x86_64::*;

    pub type Raw = __m128;

    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Raw {
        // SAFETY: four floats are readable there; SSE is part of x86_64.
        unsafe { _mm_loadu_ps(values.as_ptr()) }
    }

    #[inline(always)]
    pub fn widen(values: &[i8; 4]) -> Raw {
        load(&values.map(f32::from))
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
    pub fn mul_add(a: Raw, b: Raw, c: Raw) -> Raw {
        add(mul(a, b), c)
    }

    #[inline(always)]
    pub fn transpose([mut a, mut b, mut c, mut d]: [Raw; 4]) -> [Raw; 4] {
        // SAFETY: SSE is part of x86_64.
        unsafe { _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d) };
        [a, b, c, d]
    }
}

#[cfg(not(any(
    target_arch = "x86_64",
    all(target_arch = "wasm32", target_feature = "simd128")
)))]
mod native {
    use std::array::from_fn;

    pub type Raw = [f32; 4];

    #[inline(always)]
    pub fn load(values: &[f32; 4]) -> Raw {
        *values
    }

    #[inline(always)]
    pub fn widen(values: &[i8; 4]) -> Raw {
        values.map(f32::from)
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
    pub fn mul_add(a: Raw, b: Raw, c: Raw) -> Raw {
        add(mul(a, b), c)
    }

    #[inline(always)]
    pub fn transpose(rows: [Raw; 4]) -> [Raw; 4] {
        from_fn(|column| from_fn(|row| rows[row][column]))
    }
}

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

    /// `self · factor + addend`, rounded once where the processor does so.
    #[inline(always)]
    pub fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(native::mul_add(self.0, factor.0, addend.0))
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

    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(native::max(self.0, other.0))
    }
}

/// What a vector can be loaded from.
pub(super) trait Lane: Copy {
    fn load(values: &[Self; LANES]) -> F32x4;
}

impl Lane for f32 {
    #[inline(always)]
    fn load(values: &[Self; LANES]) -> F32x4 {
        F32x4::load(values)
    }
}

impl Lane for i8 {
    #[inline(always)]
    fn load(values: &[Self; LANES]) -> F32x4 {
        F32x4(native::widen(values))
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
