//! How good a head is, measured on images it did not learn from.

mod interval;
mod metrics;
mod report;

pub use interval::wilson;
pub use metrics::{ClassMetrics, Metrics, argmax};
pub use report::{HeldOut, Judged, Report, TestPrediction};
