//! Resizing and cropping against Pillow's results, and the limits on images.

use crate::support::drawn::pictures::Picture;
use crate::support::drawn::referenced::{SIZES, resized};
use crate::support::{CROPS, REFERENCES, bytes, integers, max_abs_error, tensor};
use headstart::Error;
use headstart::image::{
    INPUT_SIDE, MAX_SIDE, Pixels, RESIZED_SIDE, check_encoded, check_size, content_hash,
    normalize_into, pixel_hash, resize_and_crop,
};

fn crop_of(picture: &Picture) -> Vec<u8> {
    let pixels = Pixels::rgb(&picture.rgb, picture.width, picture.height).unwrap();
    resize_and_crop(&pixels, RESIZED_SIDE).unwrap()
}

/// Fixed-point filter weights may round the other way than Pillow's: one level at most.
#[test]
fn resized_pictures_are_pillows_within_one_level() {
    let step = integers(REFERENCES, "step.rows")[0];
    let mut compared = 0;
    for (name, picture) in resized() {
        let rows: Vec<u8> = crop_of(&picture)
            .chunks_exact(3 * INPUT_SIDE)
            .step_by(step)
            .flatten()
            .copied()
            .collect();
        let expected = bytes(REFERENCES, &format!("resized.{name}.rows"));
        assert_eq!(rows.len(), expected.len());
        let off = || rows.iter().zip(&expected).map(|(&a, &b)| a.abs_diff(b));
        let worst = off().max().unwrap();
        println!(
            "figure: resize {name} ({}x{}): {worst} level(s) off at most, in {:.3} % of values",
            picture.width,
            picture.height,
            100.0 * off().filter(|&off| off > 0).count() as f64 / rows.len() as f64
        );
        assert!(worst <= 1, "{name}: {worst} levels off");
        compared += 1;
    }
    assert_eq!(compared, SIZES.len());
}

#[test]
fn normalised_input_is_torchvisions() {
    let mut ours = Vec::new();
    normalize_into(&CROPS[0], &mut ours);
    let step = integers(REFERENCES, "step.input")[0];
    let sample: Vec<f32> = ours.into_iter().step_by(step).collect();
    // One multiply-add instead of two divisions: the last bit of numbers up to 2.7 may differ.
    assert!(max_abs_error(&sample, &tensor(REFERENCES, "input").0) < 2e-6);
}

#[test]
fn alpha_is_dropped_and_colours_under_it_are_kept() {
    let (_, Picture { width, height, rgb }) = resized().find(|(name, _)| *name == "tiny").unwrap();
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
