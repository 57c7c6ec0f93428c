//! Images that belong together: on both sides of a split, they make any accuracy too good.

use std::collections::HashMap;

use serde::Serialize;

use crate::dataset::{Dataset, Sample};
use crate::explain::Parts;
use crate::order::{sort_by, sort_by_key};

/// Photos of one class taken within so many seconds of one another are taken for a burst.
const BURST_SECONDS: i64 = 10;
/// Fewer images than this in a row say nothing.
const MIN_ROW: usize = 3;
/// By how many standard errors neighbours in number must be more alike than images farther apart: files that were
/// numbered in some other order than they were taken in stay below.
const CLEARLY: f64 = 3.0;

/// What was found out about images that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Groups {
    /// Groups that were given.
    pub groups: usize,
    /// Images in them.
    pub images: usize,
    /// Held-out images left out of the test because others of their group are among the training images.
    pub set_aside: usize,
    /// Why images without a group seem to belong together, and what to do; `None` where nothing says so.
    pub suspected: Option<String>,
}

/// One sentence on images without a group that seem to be of one burst: taken within seconds of one another, or
/// numbered on and more alike than others of their class.
pub(crate) fn suspected_bursts(dataset: &Dataset, parts: &Parts) -> Option<String> {
    let mut free: Vec<Vec<&Sample>> = vec![Vec::new(); dataset.labels().len()];
    for sample in dataset.samples() {
        if sample.group.is_none() {
            free[sample.class].push(sample);
        }
    }
    let taken: usize = free.iter().map(|samples| taken_in_bursts(samples)).sum();
    if taken >= MIN_ROW {
        return Some(sentence(
            taken,
            &format!("were taken within {BURST_SECONDS} seconds of another one of their class"),
        ));
    }
    let rows: Vec<Vec<&Sample>> = free.iter().flat_map(|samples| rows(samples)).collect();
    let numbered: usize = rows.iter().map(Vec::len).sum();
    (numbered >= MIN_ROW && (rows.iter().any(|row| says_burst(row[0])) || are_alike(&rows, parts)))
        .then(|| {
            // The first of the longest.
            let example = rows.iter().rev().max_by_key(|row| row.len());
            let example = example.map_or_else(String::new, |row| {
                let last = row[row.len() - 1];
                format!(" ({} to {})", row[0].name, last.name)
            });
            sentence(
                numbered,
                &format!("have names that number on from one another{example}"),
            )
        })
}

fn sentence(images: usize, why: &str) -> String {
    format!(
        "{images} images {why}: if they show the same person, object or scene, give them a common group, or the accuracy is better than it will be on others."
    )
}

/// How many images have another one that was taken a moment before or after.
fn taken_in_bursts(samples: &[&Sample]) -> usize {
    let mut times: Vec<i64> = samples.iter().filter_map(|sample| sample.taken).collect();
    sort_by_key(&mut times, |&time| time);
    let close = |a: i64, b: i64| b - a <= BURST_SECONDS;
    (0..times.len())
        .filter(|&i| {
            (i > 0 && close(times[i - 1], times[i]))
                || (i + 1 < times.len() && close(times[i], times[i + 1]))
        })
        .count()
}

/// Images of a class whose names differ in a number that goes on by one, in rows of three or more.
fn rows<'a>(samples: &[&'a Sample]) -> Vec<Vec<&'a Sample>> {
    let mut numbered: HashMap<(String, String), Vec<(u64, &'a Sample)>> = HashMap::new();
    for sample in samples {
        if let Some((before, number, after)) = split_number(&sample.name) {
            let series = (before.to_owned(), after.to_owned());
            numbered.entry(series).or_default().push((number, sample));
        }
    }
    let mut series: Vec<_> = numbered.into_iter().collect();
    sort_by(&mut series, |a, b| a.0.cmp(&b.0));
    let mut rows = Vec::new();
    for (_, mut samples) in series {
        sort_by_key(&mut samples, |&(number, sample)| (number, sample.id));
        let goes_on = |a: &(u64, &Sample), b: &(u64, &Sample)| b.0 - a.0 <= 1;
        let chunks = samples.chunk_by(goes_on);
        let long = chunks.filter(|row| row.len() >= MIN_ROW);
        rows.extend(long.map(|row| row.iter().map(|&(_, sample)| sample).collect::<Vec<_>>()));
    }
    rows
}

/// A name around its last number: `("IMG_", 12, ".jpg")`.
fn split_number(name: &str) -> Option<(&str, u64, &str)> {
    let stem = name.rfind('.').unwrap_or(name.len());
    let end = name[..stem].rfind(|c: char| c.is_ascii_digit())? + 1;
    let before = name[..end].trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[before.len()..end].parse().ok()?;
    Some((before, number, &name[end..]))
}

/// Whether a name says outright that it is one of a burst or of a film.
fn says_burst(sample: &Sample) -> bool {
    let name = sample.name.to_ascii_lowercase();
    ["burst", "frame"].iter().any(|word| name.contains(word))
}

/// Whether neighbours in rows are clearly more alike than images of the same rows that are farther apart.
fn are_alike(rows: &[Vec<&Sample>], parts: &Parts) -> bool {
    let mut differences = Vec::new();
    for row in rows {
        for (place, pair) in row.windows(2).enumerate() {
            let far = row[(place + row.len() / 2) % row.len()];
            if far.id == pair[0].id || far.id == pair[1].id {
                continue;
            }
            let alike = |other: &Sample| parts.similarity(&pair[0].embedding, &other.embedding);
            differences.push(alike(pair[1]) - alike(far));
        }
    }
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
    let error = (squares / (count - 1.0).max(1.0) / count.max(1.0)).sqrt();
    differences.len() >= MIN_ROW && mean > CLEARLY * error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backbone::FeatureSet;
    use crate::backbone::network::Description;
    use crate::dataset::{NewImage, Split};

    fn parts() -> Parts {
        Parts::of(&Description::resnet18().layout().select(FeatureSet::Last))
    }

    /// Images of two classes; each is like the one before it where `drifts`.
    fn dataset(
        names: impl Fn(usize) -> String,
        taken: impl Fn(usize) -> Option<i64>,
        drifts: bool,
    ) -> Dataset {
        let mut dataset = Dataset::new(512);
        for image in 0..40 {
            let (name, hash) = (names(image), format!("hash {image}"));
            let place = if drifts { image } else { image * 17 % 40 };
            let embedding: Vec<f32> = (0..512)
                .map(|axis| 1.0 + ((axis as f32) * 0.37 + place as f32 * 0.1).sin())
                .collect();
            let label = if image % 20 < 10 { "a" } else { "b" };
            dataset
                .add(NewImage {
                    taken: taken(image),
                    split: Split::Auto,
                    ..NewImage::new(&name, &hash, label, &embedding)
                })
                .unwrap();
        }
        dataset
    }

    #[test]
    fn names_are_split_around_their_last_number() {
        assert_eq!(split_number("IMG_0012.jpg"), Some(("IMG_", 12, ".jpg")));
        assert_eq!(split_number("a7 (3).png"), Some(("a7 (", 3, ").png")));
        assert_eq!(split_number("ant.jpg2"), None);
        assert_eq!(split_number("99999999999999999999999.jpg"), None);
    }

    #[test]
    fn photos_taken_within_seconds_are_suspected() {
        let plain = |image: usize| format!("{}.jpg", (b'a' + (image * 7 % 26) as u8) as char);
        let burst = dataset(plain, |image| Some(image as i64 * 4), false);
        let sentence = suspected_bursts(&burst, &parts()).unwrap();
        assert!(
            sentence.starts_with("40 images were taken within 10 seconds"),
            "{sentence}"
        );
        let apart = dataset(plain, |image| Some(image as i64 * 60), false);
        assert_eq!(suspected_bursts(&apart, &parts()), None);
    }

    #[test]
    fn numbered_names_are_suspected_where_neighbours_are_alike() {
        let numbered = |image: usize| format!("IMG_{image:04}.jpg");
        let film = dataset(numbered, |_| None, true);
        let sentence = suspected_bursts(&film, &parts()).unwrap();
        assert!(
            sentence.contains("(IMG_0000.jpg to IMG_0009.jpg)"),
            "{sentence}"
        );
        let shuffled = dataset(numbered, |_| None, false);
        assert_eq!(suspected_bursts(&shuffled, &parts()), None);
        let named = dataset(|image| format!("burst_{image}.jpg"), |_| None, false);
        assert!(suspected_bursts(&named, &parts()).is_some());
    }
}
