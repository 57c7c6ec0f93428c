//! Arithmetic that writes itself down: a formula in Rust is the shader's source when it is given [`Term`]s, and is
//! computed when it is given numbers. So what is tested is what is written.

use std::cell::{Cell, RefCell};
use std::fmt::{Display, Formatter};
use std::ops::{Add, Mul, Sub};

/// What formulas are made of.
pub trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self> {}

impl<T: Copy + Add<Output = T> + Sub<Output = T> + Mul<f32, Output = T>> Number for T {}

/// Statements of WGSL, one after the other.
#[derive(Default)]
pub struct Code {
    text: RefCell<String>,
    terms: Cell<usize>,
}

/// The name of a value in the code.
#[derive(Clone, Copy)]
pub struct Term<'a> {
    code: &'a Code,
    index: usize,
}

impl Code {
    /// Adds a statement, or several.
    pub fn line(&self, statement: &str) {
        let mut text = self.text.borrow_mut();
        text.push_str(statement);
        text.push('\n');
    }

    /// Gives the value of an expression a name.
    pub fn term(&self, expression: &str) -> Term<'_> {
        self.define("let", expression)
    }

    /// A name whose value may change.
    pub fn variable(&self, expression: &str) -> Term<'_> {
        self.define("var", expression)
    }

    /// All that was added.
    pub fn into_text(self) -> String {
        self.text.into_inner()
    }

    fn define(&self, kind: &str, expression: &str) -> Term<'_> {
        let index = self.terms.replace(self.terms.get() + 1);
        let term = Term { code: self, index };
        self.line(&format!("{kind} {term} = {expression};"));
        term
    }
}

impl Display for Term<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "t{}", self.index)
    }
}

impl Add for Term<'_> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.code.term(&format!("{self} + {other}"))
    }
}

impl Sub for Term<'_> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.code.term(&format!("{self} - {other}"))
    }
}

impl Mul<f32> for Term<'_> {
    type Output = Self;

    fn mul(self, factor: f32) -> Self {
        self.code.term(&format!("{self} * {factor:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_of_terms_is_written_and_one_of_numbers_is_computed() {
        fn formula<N: Number>(a: N, b: N) -> N {
            (a + b) * 4.0 - b
        }
        assert_eq!(formula(0.5, -2.0), -4.0);
        let code = Code::default();
        let (a, b) = (code.term("x[0]"), code.variable("x[1]"));
        let result = formula(a, b).to_string();
        code.line(&format!("x[2] = {result};"));
        let written = [
            "let t0 = x[0];",
            "var t1 = x[1];",
            "let t2 = t0 + t1;",
            "let t3 = t2 * 4.0;",
            "let t4 = t3 - t1;",
            "x[2] = t4;",
        ];
        assert!(code.into_text().lines().eq(written));
    }
}
