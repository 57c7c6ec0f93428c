//! Which images are taken for copies of one another, and which altered copies are found.

use std::collections::BTreeMap;

use headstart::dataset::{Dataset, Fingerprint, NewImage};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::alterations::ALTERATIONS;
use crate::embedder::Embedder;
use crate::parallel;
use crate::picture::Picture;
use crate::sets::Set;
use crate::table::{Table, percent};

/// Images of each set that copies are made of.
const ALTERED: usize = 24;

pub fn print(sets: &[Set], embedder: &mut Embedder) -> Result<(), String> {
    println!("### Images of the sets that are taken for copies of one another\n");
    let mut table = Table::new(&["set", "images", "in groups", "left out of the test"]);
    for set in sets {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (place, &group) in set.near.iter().enumerate() {
            groups.entry(group).or_default().push(place);
        }
        groups.retain(|_, members| members.len() > 1);
        let (train, val) = set.train_and_val();
        let in_train = |place: &&usize| train.iter().any(|&t| set.near[t] == set.near[**place]);
        table.row(vec![
            set.name.clone(),
            set.near.len().to_string(),
            groups.values().map(Vec::len).sum::<usize>().to_string(),
            format!("{} of {}", val.iter().filter(in_train).count(), val.len()),
        ]);
        for members in groups.values() {
            let names = members.iter().map(|&place| {
                let path = set.paths[place].components().rev().take(3);
                let parts: Vec<_> = path
                    .map(|part| part.as_os_str().to_string_lossy())
                    .collect();
                parts.into_iter().rev().collect::<Vec<_>>().join("/")
            });
            eprintln!("{}: {}", set.name, names.collect::<Vec<_>>().join("  "));
        }
    }
    table.print();
    println!("### Altered copies that are found, of {ALTERED} images of each set\n");
    let mut headings = vec!["alteration"];
    headings.extend(sets.iter().map(|set| set.name.as_str()));
    headings.extend(["all", "joined to another image"]);
    let mut table = Table::new(&headings);
    for (name, alter) in ALTERATIONS {
        let results: Vec<(usize, usize, usize)> = sets
            .iter()
            .map(|set| found(set, embedder, alter))
            .collect::<Result<_, _>>()?;
        let mut cells = vec![name.to_owned()];
        let share = |(found, _, all): &(usize, usize, usize)| *found as f64 / *all as f64;
        cells.extend(results.iter().map(|result| percent(share(result))));
        let sum = results.iter().fold((0, 0, 0), |sum, result| {
            (sum.0 + result.0, sum.1 + result.1, sum.2 + result.2)
        });
        cells.push(percent(share(&sum)));
        cells.push(sum.1.to_string());
        table.row(cells);
    }
    table.print();
    Ok(())
}

/// How many copies came to stand in a group with their image, how many in one without it, and how many there were.
fn found(
    set: &Set,
    embedder: &Embedder,
    alter: fn(&Picture, u64) -> Picture,
) -> Result<(usize, usize, usize), String> {
    let mut places: Vec<usize> = (0..set.paths.len()).collect();
    places.shuffle(&mut ChaCha8Rng::seed_from_u64(1));
    places.truncate(ALTERED);
    let copies = parallel::map(&places, |&place| {
        let copy = alter(&Picture::read(&set.paths[place])?, place as u64);
        embedder.fingerprint(&copy)
    });
    let mut dataset = Dataset::new(1);
    for place in 0..set.paths.len() {
        add(
            &mut dataset,
            &place.to_string(),
            set.dataset.fingerprint(place),
        )?;
    }
    for (copy, place) in copies.into_iter().zip(&places) {
        add(&mut dataset, &format!("copy of {place}"), Some(&copy?))?;
    }
    let groups = dataset.near_duplicates();
    let copies = groups[set.paths.len()..].iter().zip(&places);
    let joined = copies
        .clone()
        .filter(|&(&group, &place)| group == groups[place])
        .count();
    let lost = copies.filter(|&(&group, &place)| group != groups[place] && group < set.paths.len());
    Ok((joined, lost.count(), places.len()))
}

fn add(dataset: &mut Dataset, name: &str, fingerprint: Option<&Fingerprint>) -> Result<(), String> {
    let image = NewImage {
        fingerprint,
        ..NewImage::new(name, name, "all", &[0.0])
    };
    dataset
        .add(image)
        .map(|_| ())
        .map_err(|error| error.to_string())
}
