//! The kernels' sources. Shapes are written into them, so that nothing but the number of images has to be
//! passed at run time.

pub mod columns;
pub mod pool;
pub mod product;
pub mod winograd;

pub use product::{Product, Tiling};

/// Invocations of a workgroup, where nothing else is said.
pub const LANES: usize = 64;

/// A convolution's shape; padding keeps the size at stride 1.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub channels_in: usize,
    pub channels_out: usize,
    /// Of the input.
    pub side: usize,
    pub kernel: usize,
    pub stride: usize,
}

impl Shape {
    /// Pixels of an input map.
    pub fn area_in(&self) -> usize {
        self.side * self.side
    }

    /// Pixels of an output map.
    pub fn area_out(&self) -> usize {
        (self.side / self.stride).pow(2)
    }
}

/// What rows of maps and factors are padded to a multiple of, so that products need not look where they end. What
/// stands in the padding is nobody's, and stays in its column.
#[derive(Debug, Clone, Copy)]
pub struct Row(pub usize);

impl Row {
    /// A row of `count` numbers, padded.
    pub fn padded(self, count: usize) -> usize {
        count.next_multiple_of(self.0)
    }

    /// The same in WGSL.
    fn function(self) -> String {
        let row = self.0;
        format!(
            "fn padded(count: u32) -> u32 {{ return (count + {}u) / {row}u * {row}u; }}",
            row - 1
        )
    }
}

/// A kernel of [`LANES`] invocations a workgroup, where `id` is the invocation's place.
fn grid_kernel(bound: &[(&str, &str)], row: Row, body: &str) -> String {
    format!(
        "{buffers}{padded}
        @compute @workgroup_size({LANES})
        fn main(@builtin(global_invocation_id) id: vec3u) {{
            {body}
        }}\n",
        buffers = buffers(bound),
        padded = row.function(),
    )
}

/// Declares storage buffers in the order of their bindings: names and element types.
fn buffers(named: &[(&str, &str)]) -> String {
    let declare = |(binding, (name, kind)): (usize, &(&str, &str))| {
        format!("@group(0) @binding({binding}) var<storage, read_write> {name}: array<{kind}>;\n")
    };
    named.iter().enumerate().map(declare).collect()
}
