//! What needs a trained checkpoint and photos, which no clone holds: the network and the images against what torch,
//! torchvision and Pillow compute of them.
//!
//! ```text
//! cargo test --release --features reference --test reference
//! ```
//!
//! The reference data are looked for in the folder that `HEADSTART_SHARED` names, else in `../shared`.

#[path = "../support/mod.rs"]
mod support;

mod backbone;
mod checkpoint;
mod data;
mod image;
mod kernels;
mod photos;
