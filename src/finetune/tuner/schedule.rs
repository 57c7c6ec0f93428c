//! The learning rate of each step: it warms up, and then falls along half a cosine (Loshchilov & Hutter 2017, "SGDR",
//! equation 5, without restarts).

/// The share of all steps in which the rate rises, as a straight line.
const WARM_UP: f64 = 0.1;

/// How a rate goes.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The highest rate.
    pub rate: f64,
    /// How many steps there will be.
    pub steps: usize,
}

impl Schedule {
    /// The rate of a step, from 0.
    pub fn rate(self, step: usize) -> f64 {
        let warm_up = (WARM_UP * self.steps as f64).ceil();
        let step = step as f64;
        if step < warm_up {
            return self.rate * (step + 1.0) / warm_up;
        }
        let left = (self.steps as f64 - warm_up).max(1.0);
        let done = ((step - warm_up) / left).min(1.0);
        self.rate * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_its_highest_and_falls_to_nearly_nothing() {
        let schedule = Schedule {
            rate: 0.5,
            steps: 100,
        };
        let rates: Vec<f64> = (0..100).map(|step| schedule.rate(step)).collect();
        assert!((rates[0] - 0.05).abs() < 1e-12);
        assert!(rates[..10].is_sorted());
        assert!((rates[9] - 0.5).abs() < 1e-12 && (rates[10] - 0.5).abs() < 1e-12);
        assert!((rates[55] - 0.25).abs() < 1e-12);
        assert!(rates[10..].is_sorted_by(|a, b| a >= b));
        assert!(rates[99] < 1e-3 * 0.5 && rates[99] > 0.0);
    }

    #[test]
    fn one_step_has_a_rate() {
        let schedule = Schedule {
            rate: 0.5,
            steps: 1,
        };
        assert_eq!(schedule.rate(0), 0.5);
    }
}
