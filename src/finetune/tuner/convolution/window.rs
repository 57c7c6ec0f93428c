//! What a convolution sees at a time.

/// A square of an input's places, and how far it moves from one place of the output to the next. Padding of half the
/// square keeps the size at stride 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its side, odd.
    pub kernel: usize,
    /// In both directions.
    pub stride: usize,
}

impl Window {
    /// How many places it covers.
    pub fn taps(self) -> usize {
        self.kernel * self.kernel
    }

    /// The output's height or width for an input's.
    pub fn output(self, input: usize) -> usize {
        input.div_ceil(self.stride)
    }

    /// Of an output's row or column, the places at which a tap of the window lies in the input, and the input's place
    /// under the first of them.
    pub fn inside(self, tap: usize, input: usize) -> (std::ops::Range<usize>, usize) {
        let padding = self.kernel / 2;
        let first = padding.saturating_sub(tap).div_ceil(self.stride);
        // The last place `p` has `p · stride + tap - padding < input`.
        let end = (input + padding - tap.min(input + padding)).div_ceil(self.stride);
        let range = first..end.min(self.output(input)).max(first);
        (range, (first * self.stride + tap).saturating_sub(padding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_lie_in_the_input_where_the_definition_says() {
        for kernel in [1, 3, 5, 7] {
            for stride in [1, 2, 3] {
                let window = Window { kernel, stride };
                for input in 1..12 {
                    for tap in 0..kernel {
                        let under = |place: usize| {
                            (place * stride + tap)
                                .checked_sub(kernel / 2)
                                .filter(|&at| at < input)
                        };
                        let expected: Vec<usize> = (0..window.output(input))
                            .filter(|&place| under(place).is_some())
                            .collect();
                        let (range, first) = window.inside(tap, input);
                        assert_eq!(
                            range.clone().collect::<Vec<_>>(),
                            expected,
                            "{window:?} {input} {tap}"
                        );
                        if let Some(&place) = expected.first() {
                            assert_eq!(Some(first), under(place));
                        }
                    }
                }
            }
        }
    }
}
