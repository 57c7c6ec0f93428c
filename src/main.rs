//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use headstart::backbone::checkpoint::Checkpoint;
use headstart::backbone::quantize::{Scheme, quantize};
use headstart::{Error, Result};

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the quantized weights file from a ResNet18 checkpoint.
    Quantize {
        /// torchvision's resnet18 state dict: .pth (zip or legacy) or .safetensors
        checkpoint: PathBuf,
        /// The file to write
        #[arg(short, long, default_value = "weights/resnet18-int8.safetensors")]
        output: PathBuf,
    },
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let done = match command {
        Command::Quantize { checkpoint, output } => run_quantize(&checkpoint, &output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_quantize(checkpoint: &Path, output: &Path) -> Result<()> {
    let source = Checkpoint::read(checkpoint)?;
    if source.is_official() {
        println!("{} is torchvision's file.", checkpoint.display());
    } else {
        println!(
            "{} is not torchvision's own file (SHA-256 {}); its tensors have the right names and shapes.",
            checkpoint.display(),
            source.sha256
        );
    }
    prepare(output)?;
    println!("Rounding its weights layer by layer, in about half a minute…");
    let bytes = quantize(&source.weights, &source.sha256, Scheme::default())?;
    write_whole(output, &bytes)?;
    println!(
        "Wrote {} ({:.1} MB).",
        output.display(),
        bytes.len() as f64 / 1e6
    );
    Ok(())
}

/// Says whether a file can come to be there, before the work that it is for.
fn prepare(output: &Path) -> Result<()> {
    if output.exists() && !output.is_file() {
        return Err(Error::File {
            path: output.display().to_string(),
            action: "written",
            problem: "it is a folder or a device".into(),
            remedy: "Give the path of a file with --output",
        });
    }
    output.parent().map_or(Ok(()), |folder| {
        std::fs::create_dir_all(folder).map_err(|error| Error::file(folder, "made", &error))
    })
}

/// Writes beside the target and renames, so that nobody ever reads half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    // Of its own, should another process write the same file.
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path));
    written.map_err(|error| {
        // It may not have come to be.
        let _ = std::fs::remove_file(&part);
        Error::file(path, "written", &error)
    })
}
