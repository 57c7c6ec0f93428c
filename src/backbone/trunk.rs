//! What a network's trunk says of crops, to be kept until its tail is trained on it.

use half::f16;

use super::network::{Cut, Description};

/// What the trunk says of one crop: the map that the tail takes, `[channels, side, side]`.
///
/// As bytes: numbers of 16 bits (IEEE 754's binary16), least significant byte first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrunkView {
    /// Channels of the map.
    pub channels: usize,
    /// Height and width of the map.
    pub side: usize,
}

impl TrunkView {
    /// Of a network that is cut there.
    pub fn new(network: &Description, cut: Cut) -> Self {
        let output = network.trunk_output(cut);
        Self {
            channels: output.channels,
            side: output.side,
        }
    }

    /// How many numbers it has.
    pub fn numbers(&self) -> usize {
        self.channels * self.side * self.side
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        self.numbers() * size_of::<f16>()
    }

    /// Puts a map's bytes at the end of others. Numbers too large for 16 bits become the largest there is.
    pub(super) fn append(map: impl Iterator<Item = f32>, bytes: &mut Vec<u8>) {
        let largest = f16::MAX.to_f32();
        for value in map {
            bytes.extend(f16::from_f32(value.clamp(-largest, largest)).to_le_bytes());
        }
    }

    /// The map in a view's bytes.
    #[cfg(feature = "finetune")]
    pub(crate) fn read(bytes: &[u8]) -> impl Iterator<Item = f32> {
        let numbers = bytes.as_chunks().0.iter().copied();
        numbers.map(|bytes| f16::from_le_bytes(bytes).to_f32())
    }
}
