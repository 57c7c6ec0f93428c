//! Near-duplicates: images that show the same thing in the same place, such as a photo saved twice, cut,
//! turned a little or lit differently, and frames of one film.
//!
//! A new image's keys are compared with those of all images before it, and the few most alike are laid over
//! it. What is the same goes into one group. Of the pairs only the groups are kept, so that neither memory
//! nor the number of close comparisons per image grows with how alike the images are.

use super::fingerprint::{FinerKey, Fingerprint, Picture, Probe, RoughKey, Similarity};
use super::forest::Forest;
use super::removal::Kept;
use crate::order::{sort_by, sort_by_key};

/// As many images, of the most alike rough keys, have their finer keys compared.
const SHORT_LIST: usize = 128;
/// As many images, of the most alike finer keys, are laid over a new one coarsely.
const CLOSEST: usize = 32;
/// As many images, of those that fit best coarsely, are laid over it finely.
const COMPARED: usize = 4;

/// The images' fingerprints and groups.
#[derive(Debug, Clone, Default)]
pub struct NearDuplicates {
    /// Images without one are alone.
    fingerprints: Vec<Option<Box<Fingerprint>>>,
    /// Any, where there is no fingerprint.
    rough: Vec<RoughKey>,
    /// Any, where there is no fingerprint.
    finer: Vec<FinerKey>,
    groups: Forest,
    /// Pairs that were laid over each other.
    compared: usize,
}

/// An earlier image that a new one may be a copy of, and how they may lie over each other.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    distance: u32,
    image: usize,
    near: Similarity,
}

impl NearDuplicates {
    /// Compares a new image with those before it.
    pub fn add(&mut self, fingerprint: Option<Fingerprint>) {
        let image = self.fingerprints.len();
        self.groups.push();
        if let Some(fingerprint) = &fingerprint {
            let probe = fingerprint.probe();
            let closest = self.closest(&probe, &self.rough, |place| place);
            self.join_alike(image, fingerprint, &closest);
        }
        let keys = fingerprint.as_ref().map(Fingerprint::keys);
        let (rough, finer) = keys.unwrap_or_default();
        self.rough.push(rough);
        self.finer.push(finer);
        self.fingerprints.push(fingerprint.map(Box::new));
    }

    /// Gives an image a fingerprint that has had none, and compares it with all others.
    pub fn complete(&mut self, image: usize, fingerprint: Fingerprint) {
        let closest = self.closest(&fingerprint.probe(), &self.rough, |place| place);
        self.join_alike(image, &fingerprint, &closest);
        (self.rough[image], self.finer[image]) = fingerprint.keys();
        self.fingerprints[image] = Some(Box::new(fingerprint));
    }

    /// The fingerprint of an image, if it has one.
    pub fn fingerprint(&self, image: usize) -> Option<&Fingerprint> {
        self.fingerprints.get(image)?.as_deref()
    }

    /// How many pairs were compared finely so far.
    pub fn compared(&self) -> usize {
        self.compared
    }

    /// The group of each image, named by the index of its first member; most images are alone in theirs.
    pub fn groups(&self) -> Vec<usize> {
        self.groups.roots()
    }

    /// Forgets the images that are not kept. What is left of their groups is grouped anew: it may have hung
    /// together by them alone.
    pub(crate) fn retain(&mut self, kept: &Kept) {
        let before = self.groups.roots();
        let mut broken = vec![false; before.len()];
        for (image, &group) in before.iter().enumerate() {
            broken[group] |= kept.index(image).is_none();
        }
        kept.retain(&mut self.fingerprints);
        kept.retain(&mut self.rough);
        kept.retain(&mut self.finer);
        self.groups = Forest::default();
        self.fingerprints.iter().for_each(|_| self.groups.push());
        // By a group's old name, those of its members that are in their place.
        let mut members: Vec<Members> = Vec::new();
        members.resize_with(before.len(), Members::default);
        for (image, &group) in before.iter().enumerate() {
            let Some(index) = kept.index(image) else {
                continue;
            };
            let earlier = &mut members[group];
            if broken[group] {
                self.rejoin(index, earlier);
            } else if let Some(&first) = earlier.images.first() {
                self.groups.join(first, index);
            }
            earlier.images.push(index);
            earlier.rough.push(self.rough[index]);
        }
    }

    /// Finds the place of an image in what is left of its group.
    fn rejoin(&mut self, image: usize, earlier: &mut Members) {
        let Some(&first) = earlier.images.first() else {
            return;
        };
        // Lent for the while.
        let Some(fingerprint) = self.fingerprints[image].take() else {
            return;
        };
        let probe = fingerprint.probe();
        let (distance, near) = probe.finer_distance(self.finer[first]);
        let candidate = Candidate {
            distance,
            image: first,
            near,
        };
        // Copies of one image need no search.
        if earlier.scattered || !self.join_alike(image, &fingerprint, &[candidate]) {
            let closest = self.closest(&probe, &earlier.rough, |place| earlier.images[place]);
            self.join_alike(image, &fingerprint, &closest);
            earlier.scattered |= self.groups.root(image) != first;
        }
        self.fingerprints[image] = Some(fingerprint);
    }

    /// Joins an image to the groups of those candidates that it is a near-duplicate of, and tells whether
    /// there are any.
    fn join_alike(
        &mut self,
        image: usize,
        fingerprint: &Fingerprint,
        closest: &[Candidate],
    ) -> bool {
        if closest.is_empty() {
            return false;
        }
        let picture = Picture::new(fingerprint);
        // Most copies are the nearest by far, and when it is one, its group needs no more comparing.
        let (nearest, others) = closest.split_at(1);
        let first = self.join_best(image, &picture, nearest, 1);
        let second = self.join_best(image, &picture, others, COMPARED - 1);
        first || second
    }

    /// The same, for as many as there is room for of those that fit best coarsely.
    fn join_best(
        &mut self,
        image: usize,
        picture: &Picture,
        candidates: &[Candidate],
        mut room: usize,
    ) -> bool {
        let mut fits: Vec<(f32, usize, Similarity)> = Vec::new();
        for candidate in candidates {
            if self.groups.root(candidate.image) == self.groups.root(image) {
                continue;
            }
            let other = self.fingerprint(candidate.image);
            let fit = other.and_then(|other| picture.lay_over(other, candidate.near));
            fits.extend(fit.map(|(correlation, way)| (correlation, candidate.image, way)));
        }
        sort_by(&mut fits, |a, b| b.0.total_cmp(&a.0));
        let mut joined = false;
        for (_, other, way) in fits {
            if room == 0 {
                break;
            }
            if self.groups.root(other) == self.groups.root(image) {
                continue;
            }
            room -= 1;
            self.compared += 1;
            let other_fingerprint = self.fingerprint(other);
            if other_fingerprint.is_some_and(|other| picture.shows_the_same_as(other, way)) {
                self.groups.join(other, image);
                joined = true;
            }
        }
        joined
    }

    /// Those whose keys differ least, nearest first, and earlier ones first of those that differ equally;
    /// given are the rough keys and which images they are of.
    fn closest(
        &self,
        probe: &Probe,
        rough: &[RoughKey],
        image: impl Fn(usize) -> usize,
    ) -> Vec<Candidate> {
        let mut distances = Vec::new();
        probe.rough_distances(rough, &mut distances);
        let list = shortest(&distances, SHORT_LIST).into_iter().map(image);
        let mut list: Vec<Candidate> = list
            .filter(|&image| self.fingerprints[image].is_some())
            .map(|image| {
                let (distance, near) = probe.finer_distance(self.finer[image]);
                Candidate {
                    distance,
                    image,
                    near,
                }
            })
            .collect();
        sort_by_key(&mut list, |candidate| candidate.distance);
        list.truncate(CLOSEST);
        list
    }
}

/// What is left of a group, of that which was looked at so far.
#[derive(Debug, Default)]
struct Members {
    images: Vec<usize>,
    rough: Vec<RoughKey>,
    /// Whether they do not all hang together.
    scattered: bool,
}

/// The places of so many of the shortest distances, in order; of equal ones, the first.
fn shortest(distances: &[u8], count: usize) -> Vec<usize> {
    let mut histogram = [0_usize; 256];
    for &distance in distances {
        histogram[usize::from(distance)] += 1;
    }
    let mut room = count;
    // All that are nearer than this, and as many as there is room for that are as far.
    let mut limit = u8::MAX;
    for (distance, &have) in (0..=u8::MAX).zip(&histogram) {
        limit = distance;
        if have > room {
            break;
        }
        room -= have;
    }
    let mut places = Vec::with_capacity(count);
    for (place, &distance) in distances.iter().enumerate() {
        if distance < limit {
            places.push(place);
        } else if distance == limit && room > 0 {
            room -= 1;
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests;
