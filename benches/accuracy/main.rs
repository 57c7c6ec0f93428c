//! Measures the head and the evaluation on real photos, and prints the tables of `benches/accuracy.md`.
//!
//! `cargo bench --bench accuracy` runs every section; `-- splits views` runs those two.

mod alterations;
mod embedder;
mod few;
mod fit;
mod labels;
mod mahalanobis;
mod near_duplicates;
mod parallel;
mod photos;
mod picture;
mod recipes;
mod scikit_learn;
mod splits;
mod statistics;
mod table;
mod teachable_machine;
mod train_val;
mod unknown;
mod views;

use std::process::ExitCode;
use std::time::Instant;

use photos::Photos;

/// A section's name on the command line, and what prints it.
type Section = (&'static str, fn(&mut Photos) -> Result<(), String>);

const SECTIONS: [Section; 9] = [
    ("train-val", train_val::print),
    ("scikit-learn", scikit_learn::print),
    ("splits", splits::print),
    ("few", few::print),
    ("views", views::print),
    ("unknown", unknown::print),
    ("near-duplicates", near_duplicates::print),
    ("labels", labels::print),
    ("fit", fit::print),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("accuracy: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    // Cargo adds an argument of its own, `--bench`.
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let names = SECTIONS.map(|(name, _)| name);
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!(
            "there is no section \"{unknown}\"; there are {}.",
            names.join(", ")
        ));
    }
    let start = Instant::now();
    let progress = |what: &str| eprintln!("{:6.1} s  {what}", start.elapsed().as_secs_f64());
    progress("photos");
    let mut photos = Photos::load()?;
    for (name, print) in SECTIONS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            progress(name);
            println!("## {name}\n");
            print(&mut photos)?;
        }
    }
    progress("done");
    Ok(())
}
