//! The network by burn's own operators.

use burn::tensor::{Device, Tensor, TensorData};
use headstart::backbone::Reference;
use headstart::backbone::network::Description;
use headstart::backbone::weights::Weights;
use headstart::device;
use headstart::image::{INPUT_LEN, INPUT_SIDE, normalize_into};

/// Crops `[N, 224, 224, 3]` as the network's input `[N, 3, 224, 224]`.
pub fn input(crops: &[u8], device: &Device) -> Tensor<4> {
    let mut values = Vec::new();
    for crop in crops.chunks_exact(INPUT_LEN) {
        normalize_into(crop, &mut values);
    }
    let shape = [crops.len() / INPUT_LEN, 3, INPUT_SIDE, INPUT_SIDE];
    Tensor::from_data(TensorData::new(values, shape), device)
}

pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data()
        .try_into_vec::<f32>()
        .expect("f32 values")
}

/// Embeddings `[N, 960]` of crops `[N, 224, 224, 3]`, by whatever weights.
pub fn embed(weights: &impl Weights, crops: &[u8]) -> Vec<f32> {
    let device = device::cpu();
    let network = reference(weights, &device);
    let stages = network.stages(input(crops, &device)).into_iter().skip(1);
    values(Tensor::cat(stages.map(Reference::pool).collect(), 1))
}

/// What each stage puts out for crops `[N, 224, 224, 3]`: `maxpool` and `layer1` to `layer4`.
pub fn stages(weights: &impl Weights, crops: &[u8]) -> Vec<Vec<f32>> {
    let device = device::cpu();
    let stages = reference(weights, &device).stages(input(crops, &device));
    stages.into_iter().map(values).collect()
}

fn reference(weights: &impl Weights, device: &Device) -> Reference {
    let network = Description::resnet18();
    Reference::load(&network, weights, device).expect("the weights are whole")
}
