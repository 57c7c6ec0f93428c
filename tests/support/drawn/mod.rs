//! A network and pictures drawn from a seed: what stands in for a trained checkpoint and photos where there are none.

mod canvas;
pub mod network;
pub mod pictures;
pub mod referenced;
