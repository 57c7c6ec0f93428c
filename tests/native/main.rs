//! The crate's tests from outside, in one binary, since linking one takes longer than most of them run.
//!
//! ```text
//! cargo test --release --features reference --test native near_duplicates
//! ```
//!
//! What measures the memory of its process, or needs a graphics adapter, stands beside this folder.

#[path = "../support/mod.rs"]
mod support;

mod backbone;
mod calibration;
mod checkpoint;
mod classifier;
mod command_line;
mod dataset;
mod drawn_data;
mod explain;
mod export;
mod finetune;
mod first_version;
mod folds;
mod given_groups;
mod head;
mod image;
mod kernels;
mod label_problems;
mod learning_curve;
mod logistic;
mod metrics;
mod near_duplicates;
mod neighbours;
mod network;
mod prediction;
mod project_file;
mod quantization;
mod remove;
mod rename;
mod report;
mod split;
mod views;
mod weights;
