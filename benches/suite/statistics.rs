//! Means, and how sure they are.

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample's standard deviation, with `N − 1`.
pub fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() as f64 - 1.0)).sqrt()
}

/// The mean difference of two recipes on the same images, and its standard error.
#[derive(Clone, Copy)]
pub struct Paired {
    pub mean: f64,
    pub error: f64,
}

impl Paired {
    /// `ours − theirs`.
    pub fn new(ours: &[f64], theirs: &[f64]) -> Self {
        let differences: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
        // Differences that cancel out must not leave a rest of rounding, with a sign.
        let mean = mean(&differences);
        Self {
            mean: if mean.abs() < 1e-12 { 0.0 } else { mean },
            error: deviation(&differences) / (differences.len() as f64).sqrt(),
        }
    }

    /// In percentage points.
    pub fn points(self) -> String {
        format!("{:+.2} ± {:.2}", 100.0 * self.mean, 100.0 * self.error)
    }
}

/// The value below which a share of sorted values lies, linearly interpolated.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let low = place as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * place.fract()
}

/// How often one of `high` is above one of `low`; ties count half.
pub fn auroc(high: &[f64], low: &[f64]) -> f64 {
    let wins: f64 = high
        .iter()
        .flat_map(|a| low.iter().map(move |b| a.total_cmp(b)))
        .map(|order| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    wins / (high.len() * low.len()) as f64
}
