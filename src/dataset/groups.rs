//! Images that belong together: those that the user has put in one group, and near-duplicates. All of a unit stand on
//! one side of a split and in one fold.

use std::collections::HashMap;

use super::Dataset;
use super::forest::Forest;

impl Dataset {
    /// The unit of each image, named by the index of its first member: near-duplicates (`near`, from
    /// [`near_duplicates`](Self::near_duplicates)) and images of one group, and what is joined through them.
    pub fn units(&self, near: &[usize]) -> Vec<usize> {
        let mut forest = Forest::new(self.samples.len());
        for (index, &first) in near.iter().enumerate() {
            forest.join(first, index);
        }
        let mut first_of: HashMap<&str, usize> = HashMap::new();
        for (index, sample) in self.samples.iter().enumerate() {
            if let Some(group) = &sample.group {
                forest.join(*first_of.entry(group).or_insert(index), index);
            }
        }
        forest.roots()
    }

    /// How many groups the user has given, and how many images are in one.
    pub fn given_groups(&self) -> (usize, usize) {
        let given = self
            .samples
            .iter()
            .filter_map(|sample| sample.group.as_deref());
        let images = given.clone().count();
        let distinct: std::collections::HashSet<&str> = given.collect();
        (distinct.len(), images)
    }
}
