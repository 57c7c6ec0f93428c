//! Judges heads on any number of data sets, and prints the tables of `benches/accuracy.md`.
//!
//! ```text
//! npm run bench -- suite [SECTION…] [--data DIR] [--sets a,b] [--group-by REGEX] [--splits N] [--json FILE]
//! ```

mod alterations;
mod arguments;
mod embedder;
mod few;
mod finetune;
mod heads;
mod json;
mod labels;
mod mahalanobis;
mod near_duplicates;
mod parallel;
mod picture;
mod recipes;
mod scale;
mod scikit_learn;
mod sets;
mod splits;
mod statistics;
mod table;
mod teachable_machine;
mod unknown;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use arguments::{Arguments, Section};

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("suite: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let start = Instant::now();
    let progress = |what: &str| eprintln!("{:6.1} s  {what}", start.elapsed().as_secs_f64());
    let sections = arguments.sections();
    if sections == [Section::Scale] {
        return scale::print();
    }
    let mut embedder = embedder::Embedder::load()?;
    let sets = sets::load(arguments, &mut embedder, &progress)?;
    let mut results = json::Results::new(arguments.json.clone());
    for section in sections {
        progress(section.name());
        println!("## {}\n", section.name());
        match section {
            Section::Heads => heads::print(&sets, &mut results)?,
            Section::Splits => splits::print(&sets, arguments.splits, &mut results, &progress)?,
            Section::Few => few::print(&sets),
            Section::NearDuplicates => near_duplicates::print(&sets, &mut embedder)?,
            Section::Unknown => unknown::print(&sets),
            Section::Labels => labels::print(&sets),
            Section::ScikitLearn => scikit_learn::print(&sets)?,
            Section::Finetune => finetune::print(&sets, arguments, &progress)?,
            Section::Scale => scale::print()?,
        }
    }
    progress("done");
    Ok(())
}
