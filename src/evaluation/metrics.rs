//! Metrics of classifications, as scikit-learn defines them.

use crate::head::argmax;

/// Bins of the calibration error.
const CALIBRATION_BINS: usize = 10;

/// One class's measures; `None` where a ratio has nothing to divide by.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMetrics {
    /// Of those called this class, the share that is.
    pub precision: Option<f64>,
    /// Of those of this class, the share called so.
    pub recall: Option<f64>,
    /// Harmonic mean of both; 0 where one is 0, `None` where the class is neither present nor called.
    pub f1: Option<f64>,
    /// How many are of this class.
    pub support: usize,
}

/// Measures over a set of classified images.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics {
    /// How many were classified correctly.
    pub right: usize,
    /// How many there are.
    pub count: usize,
    /// `confusion[i][j]`: images of class `i` that were called class `j`.
    pub confusion: Vec<Vec<usize>>,
    /// Per class.
    pub classes: Vec<ClassMetrics>,
    /// Mean recall over the classes present.
    pub balanced_accuracy: f64,
    /// Mean F1 over the classes present or called.
    pub macro_f1: f64,
    /// Mean cross-entropy in nats.
    pub log_loss: f64,
    /// Expected calibration error over 10 bins of equal width (Guo et al. 2017, eq. 3).
    pub calibration_error: f64,
    /// Accuracy of always naming the commonest class.
    pub majority_accuracy: f64,
}

impl Metrics {
    /// Measures class probabilities (one row per image) against the true classes. With no image every
    /// mean is 0.
    pub fn measure(truth: &[usize], probabilities: &[Vec<f64>], class_count: usize) -> Self {
        let mut confusion = vec![vec![0; class_count]; class_count];
        let mut log_loss = Vec::with_capacity(truth.len());
        for (&class, row) in truth.iter().zip(probabilities) {
            confusion[class][argmax(row)] += 1;
            log_loss.push(-row[class].max(f64::EPSILON).ln());
        }
        let classes: Vec<ClassMetrics> = (0..class_count)
            .map(|class| class_metrics(&confusion, class))
            .collect();
        let support = classes.iter().map(|class| class.support);
        let commonest = support.max().unwrap_or(0);
        Self {
            right: (0..class_count).map(|class| confusion[class][class]).sum(),
            count: truth.len(),
            balanced_accuracy: mean(classes.iter().filter_map(|class| class.recall)),
            macro_f1: mean(classes.iter().filter_map(|class| class.f1)),
            log_loss: mean(log_loss.into_iter()),
            calibration_error: calibration_error(truth, probabilities),
            majority_accuracy: ratio(commonest, truth.len()).unwrap_or(0.0),
            confusion,
            classes,
        }
    }

    /// Share classified correctly, 0 with no image.
    pub fn accuracy(&self) -> f64 {
        ratio(self.right, self.count).unwrap_or(0.0)
    }
}

fn class_metrics(confusion: &[Vec<usize>], class: usize) -> ClassMetrics {
    let right = confusion[class][class];
    let support: usize = confusion[class].iter().sum();
    let called: usize = confusion.iter().map(|row| row[class]).sum();
    ClassMetrics {
        precision: ratio(right, called),
        recall: ratio(right, support),
        f1: ratio(2 * right, support + called),
        support,
    }
}

fn calibration_error(truth: &[usize], probabilities: &[Vec<f64>]) -> f64 {
    let mut bins = [(0_usize, 0.0, 0.0); CALIBRATION_BINS];
    for (&class, row) in truth.iter().zip(probabilities) {
        let called = argmax(row);
        let confidence = row[called];
        let bin = ((confidence * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1);
        let (count, right, sure) = &mut bins[bin];
        *count += 1;
        *right += f64::from(u8::from(called == class));
        *sure += confidence;
    }
    let gap: f64 = bins
        .iter()
        .map(|(_, right, sure)| f64::abs(right - sure))
        .sum();
    if truth.is_empty() {
        0.0
    } else {
        gap / truth.len() as f64
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| {
        (sum + value, count + 1)
    });
    if count == 0 { 0.0 } else { sum / count as f64 }
}
