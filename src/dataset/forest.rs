//! Disjoint sets of indices (Tarjan 1975, "Efficiency of a Good But Not Linear Set Union Algorithm").

/// Disjoint sets, each named by its first member.
#[derive(Debug, Clone, Default)]
pub struct Forest(Vec<usize>);

impl Forest {
    /// Each node alone.
    pub fn new(len: usize) -> Self {
        Self((0..len).collect())
    }

    /// Adds a node that is alone in its set.
    pub fn push(&mut self) {
        self.0.push(self.0.len());
    }

    /// The first member of a node's set.
    pub fn root(&self, mut node: usize) -> usize {
        while self.0[node] != node {
            node = self.0[node];
        }
        node
    }

    /// Makes one set of those of two nodes. The lower root stays.
    pub fn join(&mut self, a: usize, b: usize) {
        let (root_a, root_b) = (self.root(a), self.root(b));
        let root = root_a.min(root_b);
        // The nodes themselves too: their next look-up is shorter.
        for node in [root_a, root_b, a, b] {
            self.0[node] = root;
        }
    }

    /// The set of each node.
    pub fn roots(&self) -> Vec<usize> {
        // Parents come before their children.
        let mut roots: Vec<usize> = Vec::with_capacity(self.0.len());
        for (node, &parent) in self.0.iter().enumerate() {
            roots.push(if parent == node { node } else { roots[parent] });
        }
        roots
    }
}
