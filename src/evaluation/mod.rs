//! How good a head is, measured on images it did not learn from.

mod cross_validation;
mod groups;
mod interval;
mod label_problems;
mod metrics;
mod provenance;
mod report;

pub use cross_validation::{CrossValidation, CurvePoint, LearningCurve, MorePhotos};
pub use groups::Groups;
pub(crate) use groups::suspected_bursts;
pub use interval::wilson;
pub use label_problems::{Contradiction, label_problems};
pub use metrics::{ClassMetrics, Metrics};
pub(crate) use provenance::Provenance;
pub use report::{
    Calibration, ClassReport, Conflict, Evidence, HeldOut, Judged, LabelProblem, NearDuplicates,
    Refusals, Report, ReportedHead, TestPrediction, UnknownReport,
};
