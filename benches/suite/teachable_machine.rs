//! Teachable Machine's recipe, as `@teachablemachine/image` fits it: a dense layer of 100 with ReLU and
//! one without biases, by Adam, 50 epochs in batches of 16, in one order, without a penalty and without
//! stopping early. It sets 15 % of the images aside and makes no use of them; here it learns from all.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Device, Tensor, TensorData};
use headstart::device;
use headstart::head::{LabelledEmbeddings, softmax};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const UNITS: usize = 100;
const EPOCHS: usize = 50;
const BATCH: usize = 16;
const LEARNING_RATE: f64 = 0.001;
/// TensorFlow.js's.
const EPSILON: f32 = 1e-7;

#[derive(Module, Debug)]
struct Network {
    hidden: Linear,
    output: Linear,
}

impl Network {
    fn logits(&self, embeddings: Tensor<2>) -> Tensor<2> {
        self.output.forward(relu(self.hidden.forward(embeddings)))
    }
}

/// Fits on some images of as many classes and gives the probabilities of embeddings `[N, features]`.
pub fn probabilities(
    train: &LabelledEmbeddings,
    classes: usize,
    embeddings: &[f32],
    seed: u64,
) -> Vec<Vec<f64>> {
    let features = train.features();
    let device = device::cpu().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let zeros = Tensor::<1>::zeros([UNITS], &device);
    let mut network = Network {
        hidden: dense(features, UNITS, Some(zeros), &mut rng, &device),
        output: dense(UNITS, classes, None, &mut rng, &device),
    };
    let mut optimizer = AdamConfig::new().with_epsilon(EPSILON).init();
    let mut order: Vec<usize> = (0..train.classes.len()).collect();
    order.shuffle(&mut rng);
    let batches: Vec<_> = order
        .chunks(BATCH)
        .map(|ids| batch(train, classes, ids, &device))
        .collect();
    for _ in 0..EPOCHS {
        for (inputs, targets) in &batches {
            let [count, _] = inputs.dims();
            let likelihood = log_softmax(network.logits(inputs.clone()), 1) * targets.clone();
            let loss = -likelihood.sum() / count as f32;
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(LEARNING_RATE, network, gradients);
        }
    }
    let shape = [embeddings.len() / features, features];
    let inputs = Tensor::from_data(TensorData::new(embeddings.to_vec(), shape), &device::cpu());
    let logits = network.valid().logits(inputs).into_data();
    let logits = logits.try_into_vec::<f32>().expect("the CPU answers");
    logits.chunks_exact(classes).map(softmax).collect()
}

/// The images of a batch, and a 1 for each one's class.
fn batch(
    train: &LabelledEmbeddings,
    classes: usize,
    ids: &[usize],
    device: &Device,
) -> (Tensor<2>, Tensor<2>) {
    let features = train.features();
    let rows = ids
        .iter()
        .map(|&id| &train.embeddings[id * features..][..features]);
    let inputs = TensorData::new(rows.collect::<Vec<_>>().concat(), [ids.len(), features]);
    let mut targets = vec![0.0_f32; ids.len() * classes];
    for (row, &id) in ids.iter().enumerate() {
        targets[row * classes + train.classes[id]] = 1.0;
    }
    let targets = TensorData::new(targets, [ids.len(), classes]);
    (
        Tensor::from_data(inputs, device),
        Tensor::from_data(targets, device),
    )
}

/// Weights as Keras's `varianceScaling` draws them: normal with variance 1 / inputs, cut at two deviations.
fn dense(
    inputs: usize,
    outputs: usize,
    biases: Option<Tensor<1>>,
    rng: &mut ChaCha8Rng,
    device: &Device,
) -> Linear {
    let deviation = 1.0 / (inputs as f64).sqrt();
    let mut draw = || loop {
        let value = normal(rng);
        if value.abs() < 2.0 {
            return (value * deviation) as f32;
        }
    };
    let values: Vec<f32> = (0..inputs * outputs).map(|_| draw()).collect();
    let weight = Tensor::<2>::from_data(TensorData::new(values, [inputs, outputs]), device);
    Linear {
        weight: Param::from_tensor(weight),
        bias: biases.map(Param::from_tensor),
    }
}

/// A draw from the standard normal distribution (Box & Muller 1958).
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (a, b): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - a).ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
