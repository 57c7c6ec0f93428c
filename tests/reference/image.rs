//! Resizing and cropping against Pillow's results on photos, and the input against torchvision's.

use headstart::image::{Pixels, RESIZED_SIDE, normalize_into, resize_and_crop};

use crate::data::{CHECKPOINT, CROPS, photos, read_shared, shared};
use crate::support::operators::embed;
use crate::support::{bytes, cosine, max_abs_error, tensor};

const CASES: [&str; 8] = [
    "exact224",
    "exact256",
    "landscape",
    "large",
    "one_pixel_tall",
    "portrait",
    "tiny",
    "wide",
];

/// Our crop of a stored photo, and Pillow's.
fn crops(name: &str) -> [Vec<u8>; 2] {
    let path = shared(&format!("golden/resize/{name}.png"));
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    pixels.truncate(info.buffer_size());
    let pixels = Pixels::rgb(&pixels, info.width as usize, info.height as usize).unwrap();
    let ours = resize_and_crop(&pixels, RESIZED_SIDE).unwrap();
    [
        ours,
        bytes(&read_shared("golden/resize/expected.safetensors"), name),
    ]
}

/// Fixed-point filter weights may round the other way than Pillow's: one level at most.
#[test]
fn resized_photos_are_pillows_within_one_level() {
    for name in CASES {
        let [ours, expected] = crops(name);
        assert_eq!(ours.len(), expected.len());
        let off = || ours.iter().zip(&expected).map(|(&a, &b)| a.abs_diff(b));
        let worst = off().max().unwrap();
        println!(
            "figure: resize {name}: {worst} level(s) off at most, in {:.3} % of values",
            100.0 * off().filter(|&off| off > 0).count() as f64 / ours.len() as f64
        );
        assert!(worst <= 1, "{name}: {worst} levels off");
    }
}

#[test]
fn embeddings_of_resized_photos_are_those_of_pillows_crops() {
    for name in CASES {
        let [ours, expected] = crops(name).map(|crop| embed(&CHECKPOINT.weights, &crop));
        let similarity = cosine(&ours, &expected);
        println!("figure: embedding of resized {name}: cosine {similarity:.7}");
        assert!(similarity >= 0.9999, "{name}: cosine {similarity}");
    }
}

#[test]
fn normalised_input_is_torchvisions() {
    let is_dog = |photo: &serde_json::Value| {
        let file = photo["file"].as_str().unwrap();
        file.ends_with("dog_pytorch_hub.jpg")
    };
    let dog = photos().iter().position(is_dog).unwrap();
    let mut ours = Vec::new();
    normalize_into(&CROPS[dog], &mut ours);
    let (reference, _) = tensor(&read_shared("golden/activations-dog.safetensors"), "input");
    // One multiply-add instead of two divisions: the last bit of numbers up to 2.7 may differ.
    assert!(max_abs_error(&ours, &reference) < 2e-6);
}
