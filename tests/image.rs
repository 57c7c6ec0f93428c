//! Resizing and cropping against Pillow's results, and the limits on images.

mod support;

use headstart::backbone::ResNet18;
use headstart::image::{
    INPUT_LEN, MAX_SIDE, Pixels, RESIZED_SIDE, check_encoded, check_size, content_hash,
    normalize_into, pixel_hash, resize_and_crop,
};
use headstart::{Error, device};
use support::{CHECKPOINT, bytes, cosine, input, read_shared, shared, tensor, values};

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

fn decode_png(name: &str) -> (Vec<u8>, usize, usize) {
    let path = shared(&format!("golden/resize/{name}.png"));
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    pixels.truncate(info.buffer_size());
    (pixels, info.width as usize, info.height as usize)
}

/// Fixed-point filter weights may round the other way than Pillow's: one level at most.
#[test]
fn resized_pngs_are_pillows_within_one_level() {
    let expected = read_shared("golden/resize/expected.safetensors");
    for name in CASES {
        let (pixels, width, height) = decode_png(name);
        let crop =
            resize_and_crop(&Pixels::rgb(&pixels, width, height).unwrap(), RESIZED_SIDE).unwrap();
        let expected = bytes(&expected, name);
        assert_eq!(crop.len(), expected.len());
        let off = |&(a, b): &(&u8, &u8)| a.abs_diff(*b);
        let worst = crop
            .iter()
            .zip(&expected)
            .map(|pair| off(&pair))
            .max()
            .unwrap();
        let differing = crop
            .iter()
            .zip(&expected)
            .filter(|pair| off(pair) > 0)
            .count();
        println!(
            "figure: resize {name} ({width}x{height}): {worst} level(s) off at most, in {:.3} % of values",
            100.0 * differing as f64 / crop.len() as f64
        );
        assert!(worst <= 1, "{name}: {worst} levels off");
    }
}

#[test]
fn embeddings_of_resized_pngs_are_those_of_pillows_crops() {
    let expected = read_shared("golden/resize/expected.safetensors");
    let device = device::cpu();
    let network = ResNet18::load(&CHECKPOINT.weights, &device).unwrap();
    let embed = |crop: &[u8]| values(network.features(input(crop, &device)));
    for name in CASES {
        let (pixels, width, height) = decode_png(name);
        let crop =
            resize_and_crop(&Pixels::rgb(&pixels, width, height).unwrap(), RESIZED_SIDE).unwrap();
        let similarity = cosine(&embed(&crop), &embed(&bytes(&expected, name)));
        println!("figure: embedding of resized {name}: cosine {similarity:.7}");
        assert!(similarity >= 0.9999, "{name}: cosine {similarity}");
    }
}

#[test]
fn normalised_input_is_torchvisions() {
    let index: serde_json::Value =
        serde_json::from_slice(&read_shared("golden/index.json")).unwrap();
    let images = index["images"].as_array().unwrap();
    let dog = images
        .iter()
        .position(|image| {
            image["file"]
                .as_str()
                .unwrap()
                .ends_with("dog_pytorch_hub.jpg")
        })
        .unwrap();
    let crops = bytes(&read_shared("golden/crops.safetensors"), "crops");
    let mut ours = Vec::new();
    normalize_into(&crops[dog * INPUT_LEN..(dog + 1) * INPUT_LEN], &mut ours);
    let (reference, _) = tensor(&read_shared("golden/activations-dog.safetensors"), "input");
    // One multiply-add instead of two divisions: the last bit of numbers up to 2.7 may differ.
    assert!(support::max_abs_error(&ours, &reference) < 2e-6);
}

#[test]
fn alpha_is_dropped_and_colours_under_it_are_kept() {
    let (rgb, width, height) = decode_png("tiny");
    let rgba: Vec<u8> = rgb
        .chunks_exact(3)
        .enumerate()
        .flat_map(|(index, p)| [p[0], p[1], p[2], (index % 256) as u8])
        .collect();
    let from_rgb =
        resize_and_crop(&Pixels::rgb(&rgb, width, height).unwrap(), RESIZED_SIDE).unwrap();
    let from_rgba =
        resize_and_crop(&Pixels::rgba(&rgba, width, height).unwrap(), RESIZED_SIDE).unwrap();
    assert_eq!(from_rgb, from_rgba);
}

#[test]
fn pixels_that_do_not_fit_their_size_are_refused() {
    for (len, width, height) in [(11, 2, 2), (0, 0, 4), (12, usize::MAX, 2)] {
        let error = Pixels::rgb(&vec![0; len], width, height).unwrap_err();
        assert_eq!(error.code(), "INVALID_ARGUMENT");
    }
}

#[test]
fn limits_name_the_image_and_the_remedy() {
    let empty = check_encoded("a.jpg", &[]).unwrap_err();
    assert_eq!(
        empty,
        Error::ImageEmpty {
            name: "a.jpg".into()
        }
    );
    let small = check_size("dot.png", 1, 1).unwrap_err();
    assert_eq!(small.code(), "IMAGE_TOO_SMALL");
    assert!(
        small
            .to_string()
            .starts_with("dot.png is only 1x1 pixels. Use an image")
    );
    let wide = check_size("panorama.png", 20_000, 100).unwrap_err();
    assert_eq!(wide.code(), "IMAGE_TOO_LARGE");
    assert!(
        wide.to_string()
            .contains("panorama.png is 20000x100 pixels. Scale it down")
    );
    assert_eq!(
        check_size("square.png", 12_000, 12_000).unwrap_err().code(),
        "IMAGE_TOO_LARGE"
    );
    check_size("fine.png", MAX_SIDE, 100).unwrap();
}

#[test]
fn a_header_alone_tells_a_hopeless_image() {
    // A PNG's first 24 bytes: signature, IHDR, width, height.
    let png = |width: u32, height: u32| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 2, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    };
    assert_eq!(
        check_encoded("w.png", &png(20_000, 50)).unwrap_err().code(),
        "IMAGE_TOO_LARGE"
    );
    assert_eq!(
        check_encoded("p.png", &png(1, 1)).unwrap_err().code(),
        "IMAGE_TOO_SMALL"
    );
    check_encoded("ok.png", &png(640, 480)).unwrap();
    // What is not known here is left for the browser to judge.
    check_encoded("note.txt", b"hello").unwrap();
}

#[test]
fn hashes_tell_contents_apart() {
    assert_eq!(
        content_hash(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let pixels = [7_u8; 24];
    let wide = pixel_hash(&Pixels::rgba(&pixels, 3, 2).unwrap());
    let tall = pixel_hash(&Pixels::rgba(&pixels, 2, 3).unwrap());
    assert_ne!(wide, tall);
}
