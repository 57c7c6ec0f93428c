//! Safetensors files taken apart, changed and put together again.

use std::collections::HashMap;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

pub type Tensor = (String, Dtype, Vec<usize>, Vec<u8>);
pub type Tensors = Vec<Tensor>;

/// A file's tensors and metadata.
pub fn take_apart(file: &[u8]) -> (Tensors, HashMap<String, String>) {
    let (_, header) = SafeTensors::read_metadata(file).unwrap();
    let file = SafeTensors::deserialize(file).unwrap();
    let tensors = file
        .tensors()
        .into_iter()
        .map(|(name, v)| (name, v.dtype(), v.shape().to_vec(), v.data().to_vec()))
        .collect();
    (tensors, header.metadata().clone().unwrap())
}

pub fn put_together(tensors: &Tensors, metadata: HashMap<String, String>) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (
            name.clone(),
            TensorView::new(*dtype, shape.clone(), bytes).unwrap(),
        )
    });
    safetensors::serialize(views, Some(metadata)).unwrap()
}

pub fn named<'a>(tensors: &'a mut Tensors, name: &str) -> &'a mut Tensor {
    tensors.iter_mut().find(|tensor| tensor.0 == name).unwrap()
}
