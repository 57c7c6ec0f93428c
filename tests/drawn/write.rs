//! Writes the drawn network and pictures that tests use: `cargo run --release --example drawn -- FOLDER`, or, with
//! `--references FOLDER`, what the scripts of `tests/fixtures` compute from: the checkpoint and the pictures as PNG.

#[path = "../support/drawn/mod.rs"]
mod drawn;

use std::error::Error;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use drawn::network;
use drawn::pictures::{CLASSES, Kind, Picture, picture};
use drawn::referenced;
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};

const USAGE: &str = "usage: drawn [--references] FOLDER";
/// Pictures of each class in `train` and in `val`.
const SIDES: [(&str, usize); 2] = [("train", 60), ("val", 40)];
const STRANGERS: usize = 10;
/// Pictures of each class that batch norms have their statistics from.
const NORM_PICTURES: usize = 24;
const JPEG_QUALITY: u8 = 75;

type Done = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["--references", folder] => write_references(Path::new(folder)),
        [folder] if !folder.starts_with('-') => write_data(Path::new(folder)),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drawn: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_data(folder: &Path) -> Done {
    let checkpoint = write_checkpoint(folder)?;
    let source = Checkpoint::read(&checkpoint)?;
    let quantized = quantize(&source.weights, &source.sha256, Scheme::default())?;
    fs::write(folder.join("resnet18-int8.safetensors"), quantized)?;
    for kind in CLASSES {
        let mut number = 0;
        for (side, count) in SIDES {
            let folder = folder.join("photos").join(side).join(kind.name());
            fs::create_dir_all(&folder)?;
            for _ in 0..count {
                write_jpeg(
                    &folder.join(format!("{number:03}.jpg")),
                    &picture(kind, number),
                )?;
                number += 1;
            }
        }
    }
    let folder = folder.join("strangers");
    fs::create_dir_all(&folder)?;
    for number in 0..STRANGERS {
        let stranger = picture(Kind::Stranger, number);
        write_jpeg(&folder.join(format!("{number:02}.jpg")), &stranger)?;
    }
    Ok(())
}

fn write_references(folder: &Path) -> Done {
    write_checkpoint(folder)?;
    for kind in CLASSES {
        let folder = folder.join(kind.name());
        fs::create_dir_all(&folder)?;
        for number in 0..NORM_PICTURES {
            write_png(
                &folder.join(format!("{number:02}.png")),
                &picture(kind, number),
            )?;
        }
    }
    let crops = folder.join("crops");
    fs::create_dir_all(&crops)?;
    for (number, crop) in referenced::crops().iter().enumerate() {
        write_png(&crops.join(format!("{number:02}.png")), crop)?;
    }
    let resized = folder.join("resized");
    fs::create_dir_all(&resized)?;
    for (name, picture) in referenced::resized() {
        write_png(&resized.join(format!("{name}.png")), &picture)?;
    }
    Ok(())
}

fn write_checkpoint(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let path = folder.join("checkpoint.safetensors");
    fs::write(&path, network::checkpoint())?;
    Ok(path)
}

fn write_jpeg(path: &Path, picture: &Picture) -> Done {
    let [width, height] = [picture.width, picture.height].map(u16::try_from);
    let encoder = jpeg_encoder::Encoder::new_file(path, JPEG_QUALITY)?;
    encoder.encode(&picture.rgb, width?, height?, jpeg_encoder::ColorType::Rgb)?;
    Ok(())
}

fn write_png(path: &Path, picture: &Picture) -> Done {
    let [width, height] = [picture.width, picture.height].map(u32::try_from);
    let mut encoder = png::Encoder::new(BufWriter::new(fs::File::create(path)?), width?, height?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&picture.rgb)?;
    Ok(())
}
