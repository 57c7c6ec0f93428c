//! The kernels for the processor against plain sums of products, and all of them together against burn's
//! operators and torch's.

use crate::support::operators::{embed, input, stages, values};
use crate::support::stages::{by_kernels, compare, compare_with_torch};
use crate::support::{
    CROPS, FEATURES, LAYOUT, QUANTIZED, REFERENCES, by_stage, cosines, integers, lowest, mean,
    random_crops, relative_l2, tensor,
};
use headstart::backbone::Features;
use headstart::backbone::kernels::{
    Convolution, Epilogue, Network, Size, Stem, Workspace, max_pool,
};
use headstart::backbone::network::Description;
use headstart::backbone::weights::{Int8Weights, QuantizedWeights};
use headstart::device;
use headstart::image::{INPUT_LEN, INPUT_SIDE};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What Winograd's algorithm may be off by, as a part of the greatest sum of its products' magnitudes: its
/// transformed inputs are rounded to a 32,767th of the greatest one, which may be some ten times what an
/// input is, and the output's transform multiplies by up to 64.
const WINOGRAD_BOUND: f64 = 1e-3;
/// The same without Winograd: inputs are rounded to a 32,767th of the greatest one.
const GATHER_BOUND: f64 = 5e-5;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 96,
        // The same cases on every machine, and no files left behind.
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn random(len: usize, rng: &mut impl Rng) -> Vec<f32> {
    (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
}

fn random_weights(channels_out: usize, per_channel: usize, rng: &mut impl Rng) -> Int8Weights {
    Int8Weights {
        weight: (0..channels_out * per_channel)
            .map(|_| rng.random_range(-127..=127))
            .collect(),
        scale: (0..channels_out)
            .map(|_| rng.random_range(0.001..0.01))
            .collect(),
        bias: random(channels_out, rng),
    }
}

/// A convolution as it is defined, in f64, and for each output the sum of its products' magnitudes.
struct Defined<'a> {
    input: &'a [f32],
    size: Size,
    weights: &'a [f32],
    bias: &'a [f32],
    kernel: usize,
    stride: usize,
}

impl Defined<'_> {
    fn outputs(&self) -> Vec<(f64, f64)> {
        let Size {
            images,
            height,
            width,
        } = self.size.strided(self.stride);
        let mut outputs = Vec::new();
        for place in 0..images * height * width {
            let (image, y, x) = (
                place / (height * width),
                place / width % height,
                place % width,
            );
            for channel in 0..self.bias.len() {
                outputs.push(self.output(image, y, x, channel));
            }
        }
        outputs
    }

    fn output(&self, image: usize, y: usize, x: usize, channel: usize) -> (f64, f64) {
        let (kernel, size) = (self.kernel, self.size);
        let taps = kernel * kernel;
        let channels_in = self.input.len() / size.pixels();
        let mut sum = f64::from(self.bias[channel]);
        let mut magnitude = sum.abs();
        for tap in 0..taps {
            let row = (y * self.stride + tap / kernel).wrapping_sub(kernel / 2);
            let column = (x * self.stride + tap % kernel).wrapping_sub(kernel / 2);
            if row >= size.height || column >= size.width {
                continue;
            }
            let pixel = (image * size.height + row) * size.width + column;
            for from in 0..channels_in {
                let weight = self.weights[(channel * channels_in + from) * taps + tap];
                let product = f64::from(weight) * f64::from(self.input[pixel * channels_in + from]);
                sum += product;
                magnitude += product.abs();
            }
        }
        (sum, magnitude)
    }
}

/// The greatest error, as a part of the greatest magnitude.
fn error(outputs: &[f32], expected: &[f64], magnitudes: impl Iterator<Item = f64>) -> f64 {
    assert_eq!(outputs.len(), expected.len());
    let off = outputs.iter().zip(expected);
    let worst = off.map(|(&output, expected)| (f64::from(output) - expected).abs());
    worst.fold(0.0, f64::max) / magnitudes.fold(f64::MIN_POSITIVE, f64::max)
}

#[derive(Debug, Clone)]
struct Case {
    size: Size,
    channels_in: usize,
    channels_out: usize,
    kernel: usize,
    stride: usize,
    shortcut: bool,
    relu: bool,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    // Winograd's kernel most often.
    let kernel =
        prop_oneof![3 => Just((3, 1)), 1 => Just((3, 2)), 1 => Just((1, 2)), 1 => Just((5, 1))];
    (
        (1_usize..4, 1_usize..21, 1_usize..21),
        (1_usize..8, 1_usize..5),
        kernel,
        any::<(bool, bool, u64)>(),
    )
        .prop_map(
            |((images, height, width), (quads, panels), (kernel, stride), rest)| Case {
                size: Size {
                    images,
                    height,
                    width,
                },
                channels_in: 4 * quads,
                channels_out: 8 * panels,
                kernel,
                stride,
                shortcut: rest.0,
                relu: rest.1,
                seed: rest.2,
            },
        )
}

/// The error of one convolution with random numbers.
fn convolution_error(case: &Case) -> f64 {
    let mut rng = ChaCha8Rng::seed_from_u64(case.seed);
    let (kernel, stride, size) = (case.kernel, case.stride, case.size);
    let weights = random_weights(
        case.channels_out,
        case.channels_in * kernel * kernel,
        &mut rng,
    );
    let defined_as = weights.dequantize();
    let values = random(size.pixels() * case.channels_in, &mut rng);
    let convolution = Convolution::new(weights, kernel, stride);
    let len = convolution.output_size(size).pixels() * case.channels_out;
    let shortcut = case.shortcut.then(|| random(len, &mut rng));
    // What an earlier, larger convolution left must not show.
    let mut workspace = Workspace::default();
    let mut output = vec![f32::NAN; 2 * len];
    let epilogue = Epilogue {
        shortcut: shortcut.as_deref(),
        relu: case.relu,
    };
    for _ in 0..2 {
        convolution.run(&values, size, epilogue, &mut workspace, &mut output);
    }
    let defined = Defined {
        input: &values,
        size,
        weights: &defined_as.weight,
        bias: &defined_as.bias,
        kernel,
        stride,
    };
    let sums = defined.outputs();
    let expected: Vec<f64> = (0..len)
        .map(|index| {
            let added = shortcut
                .as_ref()
                .map_or(0.0, |added| f64::from(added[index]));
            let sum = sums[index].0 + added;
            if case.relu { sum.max(0.0) } else { sum }
        })
        .collect();
    error(
        &output,
        &expected,
        sums.iter().map(|&(_, magnitude)| magnitude),
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn convolutions_are_what_they_are_defined_as(case in case()) {
        let error = convolution_error(&case);
        let winograd = (case.kernel, case.stride) == (3, 1);
        let bound = if winograd { WINOGRAD_BOUND } else { GATHER_BOUND };
        prop_assert!(error <= bound, "off by {error:.2e} of the products");
    }

    #[test]
    fn pooling_takes_the_greatest_around(
        images in 1_usize..3, height in 1_usize..12, width in 1_usize..12, seed: u64,
    ) {
        let size = Size { images, height, width };
        let channels = 8;
        let values = random(size.pixels() * channels, &mut ChaCha8Rng::seed_from_u64(seed));
        // What is there stays.
        let mut pooled = vec![7.0];
        max_pool(&values, size, channels, &mut pooled);
        let mut expected = vec![7.0];
        let small = size.strided(2);
        for place in 0..small.pixels() {
            let (row, column) = (place / small.width, place % small.width);
            let (image, row) = (row / small.height, row % small.height);
            for channel in 0..channels {
                let rows = (2 * row).saturating_sub(1)..(2 * row + 2).min(height);
                let around = rows.flat_map(|y| {
                    let columns = (2 * column).saturating_sub(1)..(2 * column + 2).min(width);
                    columns.map(move |x| (image * height + y) * width + x)
                });
                let greatest = around.map(|pixel| values[pixel * channels + channel]);
                expected.push(greatest.fold(f32::NEG_INFINITY, f32::max));
            }
        }
        prop_assert_eq!(pooled, expected);
    }
}

/// More channels than in the cases above: several blocks of weights, and several groups of tiles.
#[test]
fn convolutions_in_several_blocks_are_what_they_are_defined_as() {
    for (side, channels) in [(30, 64), (7, 512)] {
        let case = Case {
            size: Size {
                images: 2,
                height: side,
                width: side,
            },
            channels_in: channels,
            channels_out: channels.min(128),
            kernel: 3,
            stride: 1,
            shortcut: true,
            relu: true,
            seed: 1,
        };
        let error = convolution_error(&case);
        println!("figure: 3x3 of {channels} channels: off by {error:.2e} of the products");
        assert!(
            error <= WINOGRAD_BOUND,
            "off by {error:.2e} of the products"
        );
    }
}

/// All weights and inputs at their greatest: the sums come as near as they can to what 32 bits hold.
#[test]
fn the_greatest_sums_do_not_overflow() {
    let size = Size {
        images: 1,
        height: 6,
        width: 6,
    };
    for (channels, kernel, stride) in [(512, 3, 1), (512, 3, 2), (1024, 1, 2), (4, 3, 1)] {
        let taps = kernel * kernel;
        let weights = Int8Weights {
            weight: vec![-128; 8 * channels * taps],
            scale: vec![1.0; 8],
            bias: vec![0.0; 8],
        };
        let convolution = Convolution::new(weights, kernel, stride);
        let inputs = vec![1.0; size.pixels() * channels];
        let mut output = Vec::new();
        let (epilogue, mut workspace) = (Epilogue::default(), Workspace::default());
        convolution.run(&inputs, size, epilogue, &mut workspace, &mut output);
        // The pixel (2, 2), or with stride 2 the one from there, has all of its neighbours.
        let middle = if stride == 1 { 2 * 6 + 2 } else { 3 + 1 };
        let expected = -128.0 * (channels * taps) as f32;
        let error = (output[middle * 8] / expected - 1.0).abs();
        assert!(
            error <= 1e-3,
            "{channels} channels, {kernel}x{kernel}: off by {error:.1e}"
        );
    }
}

#[test]
fn the_stem_is_a_convolution_of_normalised_bytes() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let crop = random_crops(1, &mut rng);
    let weights = random_weights(8, 3 * 7 * 7, &mut rng);
    let defined_as = weights.dequantize();
    let mut output = Vec::new();
    Stem::new(weights).run(&crop, &mut Workspace::default(), &mut output);

    let planes = values(input(&crop, &device::cpu()));
    let place = |index: usize| planes[index % 3 * INPUT_SIDE * INPUT_SIDE + index / 3];
    let normalised: Vec<f32> = (0..INPUT_LEN).map(place).collect();
    let defined = Defined {
        input: &normalised,
        size: Size {
            images: 1,
            height: INPUT_SIDE,
            width: INPUT_SIDE,
        },
        weights: &defined_as.weight,
        bias: &defined_as.bias,
        kernel: 7,
        stride: 2,
    };
    let sums = defined.outputs();
    let expected: Vec<f64> = sums.iter().map(|&(sum, _)| sum.max(0.0)).collect();
    let error = error(
        &output,
        &expected,
        sums.iter().map(|&(_, magnitude)| magnitude),
    );
    println!("figure: stem: off by {error:.2e} of the products");
    assert!(
        error <= WINOGRAD_BOUND,
        "off by {error:.2e} of the products"
    );
}

/// What the kernels' roundings may come to after the twenty layers, each of which adds to it: twice what they do.
const STAGE_BOUND: f64 = 1e-3;

#[test]
fn each_stage_puts_out_what_burns_does() {
    let noise = random_crops(3, &mut ChaCha8Rng::seed_from_u64(3));
    let quantized = QuantizedWeights::parse(&QUANTIZED).unwrap();
    for (name, crops) in [("noise", noise), ("drawn pictures", CROPS[9..12].concat())] {
        let ours = by_kernels(&quantized, &crops);
        compare(name, &ours, &stages(&quantized, &crops), STAGE_BOUND);
    }
}

/// torch rounds the weights itself, so that this also is of what folds batch norm and rounds.
#[test]
fn each_stage_puts_out_what_torchs_does() {
    let quantized = QuantizedWeights::parse(&QUANTIZED).unwrap();
    compare_with_torch("rounded", STAGE_BOUND, |crops| {
        by_kernels(&quantized, crops)
    });
}

#[test]
fn embeddings_of_pictures_are_burns_and_torchs() {
    let weights = QuantizedWeights::parse(&QUANTIZED).unwrap();
    let network = Network::load(&Description::resnet18(), &weights).unwrap();
    let embed_all = |crops: &[u8]| network.features(crops, false).embeddings;
    let ours = embed_all(&CROPS.concat());
    let theirs = embed(&weights, &CROPS.concat());
    let chosen = integers(REFERENCES, "rounded.crops").into_iter();
    let chosen: Vec<u8> = chosen.flat_map(|crop| CROPS[crop].clone()).collect();
    let torchs = tensor(REFERENCES, "rounded.embeddings").0;
    for (of, ours, theirs) in [
        ("burn", ours, theirs),
        ("torch", embed_all(&chosen), torchs),
    ] {
        for ((stage, ours), (_, theirs)) in by_stage(&ours).iter().zip(&by_stage(&theirs)) {
            let lowest = lowest(&cosines(ours, theirs, stage.channels));
            let error = relative_l2(ours, theirs);
            println!(
                "figure: drawn pictures, the kernels and {of}, {}: lowest cosine 1 - {:.1e}, relative L2 {error:.1e}",
                stage.name,
                1.0 - lowest
            );
            assert!(lowest >= 0.999_999, "{of}, {}: {lowest}", stage.name);
            assert!(error <= STAGE_BOUND, "{of}, {}: {error}", stage.name);
        }
    }
}

/// Images are computed in chunks and in groups of tiles; neither may show.
#[test]
fn an_image_gives_the_same_whatever_is_beside_it() {
    let network = Network::load(
        &Description::resnet18(),
        &QuantizedWeights::parse(&QUANTIZED).unwrap(),
    )
    .unwrap();
    let crops = random_crops(11, &mut ChaCha8Rng::seed_from_u64(4));
    let together = network.features(&crops, true);
    assert_eq!(together.embeddings.len(), 11 * FEATURES);
    assert_eq!(together.maps.len(), 11 * LAYOUT.maps_len());
    for image in [0, 7, 8, 10] {
        let alone = network.features(&crops[image * INPUT_LEN..][..INPUT_LEN], true);
        let of_image = |all: &[f32], len: usize| all[image * len..][..len].to_vec();
        assert_eq!(alone.embeddings, of_image(&together.embeddings, FEATURES));
        assert_eq!(alone.maps, of_image(&together.maps, LAYOUT.maps_len()));
    }
    assert_eq!(network.features(&[], true), Features::default());
}

/// Of maps that are put out by the way, stage after stage, and several chunks of images.
#[test]
fn features_are_the_means_of_the_maps_that_the_stages_put_out() {
    let quantized = QuantizedWeights::parse(&QUANTIZED).unwrap();
    let network = Network::load(&Description::resnet18(), &quantized).unwrap();
    let crops = CROPS[..9].concat();
    let features = network.features(&crops, true);
    let stages = by_kernels(&quantized, &crops).split_off(1);
    for (image, (embedding, maps)) in features
        .embeddings
        .chunks_exact(FEATURES)
        .zip(features.maps.chunks_exact(LAYOUT.maps_len()))
        .enumerate()
    {
        let (mut embedding, mut maps) = (embedding, maps);
        for (stage, map) in LAYOUT.stages().iter().zip(&stages) {
            let map = &map[image * stage.map_len()..][..stage.map_len()];
            assert_eq!(&maps[..stage.map_len()], map, "{} of {image}", stage.name);
            for (&feature, channel) in embedding.iter().zip(map.chunks_exact(stage.area())) {
                let channel: Vec<f64> = channel.iter().map(|&value| f64::from(value)).collect();
                let expected = mean(&channel);
                // A sum in f32 of up to 3,136 numbers, none below 0.
                let off = (f64::from(feature) - expected).abs();
                assert!(off <= 1e-5 * expected, "{} of {image}: {off}", stage.name);
            }
            (embedding, maps) = (&embedding[stage.channels..], &maps[stage.map_len()..]);
        }
    }
    // Maps are there where they are wanted.
    let without = network.features(&crops, false);
    assert_eq!(without.embeddings, features.embeddings);
    assert!(without.maps.is_empty());
}
