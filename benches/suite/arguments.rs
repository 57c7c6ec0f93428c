//! What the command line says.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use regex::Regex;

/// Judges heads on data sets, each a folder `NAME/{train,val}/CLASS` of images.
#[derive(Debug, Parser)]
pub struct Arguments {
    /// What to measure: heads and splits, where nothing is said
    #[arg(value_enum)]
    sections: Vec<Section>,
    /// The folder with the data sets; the reference data's where it is not given
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Names of data sets, with commas between them; all where it is not given
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub sets: Vec<String>,
    /// What images belong to: the regular expression's first group, or all of its match, in the path below CLASS's parent
    #[arg(long, value_name = "REGEX")]
    pub group_by: Option<Regex>,
    /// How many times each set is split
    #[arg(long, default_value_t = 20)]
    pub splits: u64,
    /// Writes what was measured to this file as well
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// The same as its section
    #[arg(long, value_enum)]
    method: Option<Method>,
    /// Seeds of each fine-tuning
    #[arg(long, default_value_t = 3)]
    pub seeds: u64,
    /// Blocks from which on the network is fine-tuned, with commas between them
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "layer4.0",
        value_name = "BLOCKS"
    )]
    pub from: Vec<String>,
    /// Learning rates of fine-tuning, with commas between them; the default where it is not given
    #[arg(long, value_delimiter = ',', value_name = "RATES")]
    pub rates: Vec<f64>,
    /// Epochs of fine-tuning, with commas between them; the default where it is not given
    #[arg(long, value_delimiter = ',', value_name = "EPOCHS")]
    pub epochs: Vec<usize>,
    /// Writes each fine-tuning's task, views and results to this folder, for torch.py
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// Cargo's own.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// Every head on train, judged on val
    Heads,
    /// Every head on repeated splits, with few images and with all
    Splits,
    /// One to four images of each class
    Few,
    /// Which images are taken for copies of one another
    NearDuplicates,
    /// Which images are none of the classes
    Unknown,
    /// Labels that were changed
    Labels,
    /// The same head by scikit-learn
    ScikitLearn,
    /// The network's upper layers trained too
    Finetune,
    /// Time and memory with many images
    Scale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    Finetune,
}

impl Section {
    pub fn name(self) -> &'static str {
        match self {
            Self::Heads => "heads",
            Self::Splits => "splits",
            Self::Few => "few",
            Self::NearDuplicates => "near-duplicates",
            Self::Unknown => "unknown",
            Self::Labels => "labels",
            Self::ScikitLearn => "scikit-learn",
            Self::Finetune => "finetune",
            Self::Scale => "scale",
        }
    }
}

impl Arguments {
    pub fn sections(&self) -> Vec<Section> {
        match (&self.sections[..], self.method) {
            ([], None) => vec![Section::Heads, Section::Splits],
            ([], Some(Method::Finetune)) => vec![Section::Finetune],
            (sections, _) => sections.to_vec(),
        }
    }
}
