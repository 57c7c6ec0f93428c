//! The data sets, embedded.

use std::fs;
use std::path::{Path, PathBuf};

use headstart::backbone::{FeatureSet, Layout};
use headstart::capture_time;
use headstart::dataset::{Dataset, NewImage, Split};
use headstart::head::LabelledEmbeddings;
use headstart::image::content_hash;
use regex::Regex;

use crate::arguments::Arguments;
use crate::embedder::{Embedder, shared};
use crate::picture::{Picture, is_picture};

/// Images of some classes; a sample's index in the dataset is the image's place.
pub struct Set {
    pub name: String,
    pub dataset: Dataset,
    pub layout: Layout,
    /// Where each image lies.
    pub paths: Vec<PathBuf>,
    /// Near-duplicates and groups: what must stand on one side of a split.
    pub units: Vec<usize>,
    /// Near-duplicates alone.
    pub near: Vec<usize>,
}

impl Set {
    /// Places of the images in `train` and in `val`.
    pub fn train_and_val(&self) -> (Vec<usize>, Vec<usize>) {
        let samples = self.dataset.samples();
        (0..samples.len()).partition(|&place| samples[place].split == Split::Train)
    }

    pub fn classes(&self) -> usize {
        self.dataset.labels().len()
    }

    pub fn class(&self, place: usize) -> usize {
        self.dataset.samples()[place].class
    }

    pub fn embedding(&self, place: usize) -> &[f32] {
        &self.dataset.samples()[place].embedding
    }

    /// Features and classes of some images.
    pub fn rows(&self, places: &[usize], features: FeatureSet) -> LabelledEmbeddings {
        let range = self.layout.range_of(&self.layout.select(features));
        let rows = places
            .iter()
            .map(|&place| &self.embedding(place)[range.clone()]);
        LabelledEmbeddings {
            embeddings: rows.flatten().copied().collect(),
            classes: places.iter().map(|&place| self.class(place)).collect(),
        }
    }

    /// The lengths of the parts that those features come in.
    pub fn parts(&self, features: FeatureSet) -> Vec<usize> {
        self.layout.select(features).parts()
    }
}

/// All sets that were asked for.
pub fn load(
    arguments: &Arguments,
    embedder: &mut Embedder,
    progress: &impl Fn(&str),
) -> Result<Vec<Set>, String> {
    let root = match &arguments.data {
        Some(folder) => folder.clone(),
        None => shared("datasets")?,
    };
    let all = names(&root)?;
    let wanted = match arguments.sets.is_empty() {
        true => all.clone(),
        false => arguments.sets.clone(),
    };
    if let Some(unknown) = wanted.iter().find(|name| !all.contains(name)) {
        let there = all.join(", ");
        return Err(format!(
            "{} has no set \"{unknown}\"; there are: {there}.",
            root.display()
        ));
    }
    if wanted.is_empty() {
        return Err(format!(
            "{} holds no folder NAME with folders train/CLASS and val/CLASS of images.",
            root.display()
        ));
    }
    let mut sets = Vec::with_capacity(wanted.len());
    for name in wanted {
        progress(&name);
        sets.push(read(
            &root.join(&name),
            name,
            arguments.group_by.as_ref(),
            embedder,
        )?);
        embedder.save()?;
    }
    Ok(sets)
}

fn names(root: &Path) -> Result<Vec<String>, String> {
    let is_set = |folder: &PathBuf| folder.join("train").is_dir() && folder.join("val").is_dir();
    let folders = entries(root)?.into_iter().filter(is_set);
    Ok(folders.map(|folder| file_name(&folder)).collect())
}

fn read(
    folder: &Path,
    name: String,
    group_by: Option<&Regex>,
    embedder: &mut Embedder,
) -> Result<Set, String> {
    let mut images: Vec<(PathBuf, String, Split)> = Vec::new();
    for (side, split) in [("train", Split::Train), ("val", Split::Test)] {
        for class in entries(&folder.join(side))?
            .into_iter()
            .filter(|path| path.is_dir())
        {
            let files = entries(&class)?.into_iter().filter(|path| is_picture(path));
            images.extend(files.map(|path| (path, file_name(&class), split)));
        }
    }
    let bytes = |path: &PathBuf| {
        fs::read(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
    };
    let mut hashes = Vec::with_capacity(images.len());
    let mut taken = Vec::with_capacity(images.len());
    for (path, ..) in &images {
        let bytes = bytes(path)?;
        hashes.push(content_hash(&bytes));
        taken.push(capture_time(&bytes));
    }
    let records = embedder.records(&hashes, |place| Picture::read(&images[place].0))?;
    let mut set = Set {
        layout: embedder.backbone().layout().clone(),
        dataset: Dataset::new(embedder.backbone().layout().len()),
        name,
        paths: Vec::with_capacity(images.len()),
        units: Vec::new(),
        near: Vec::new(),
    };
    for (place, (path, label, split)) in images.into_iter().enumerate() {
        let below = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .into_owned();
        let group = group_by.map(|pattern| group(pattern, &below)).transpose()?;
        let name = file_name(&path);
        // With its path, so that a file that is there twice is judged twice: it is found as a near-duplicate.
        let hash = format!("{} {below}", hashes[place]);
        let image = NewImage {
            split,
            group: group.as_deref(),
            taken: taken[place],
            ..records[place].image(&name, &hash, &label)
        };
        set.dataset.add(image).map_err(|error| error.to_string())?;
        set.paths.push(path);
    }
    set.near = set.dataset.near_duplicates();
    set.units = set.dataset.units(&set.near);
    Ok(set)
}

/// What the pattern finds in a path.
fn group(pattern: &Regex, path: &str) -> Result<String, String> {
    let found = pattern
        .captures(path)
        .and_then(|found| found.get(1).or(found.get(0)));
    match found {
        Some(found) if !found.is_empty() => Ok(found.as_str().to_owned()),
        _ => Err(format!(
            "--group-by {pattern} finds nothing in {path}; give a pattern that matches every path."
        )),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}.", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
