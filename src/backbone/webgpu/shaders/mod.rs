//! The kernels' sources, and how they are launched. Shapes are written into them, so that nothing but the number of
//! images has to be passed at run time. Nothing here knows a device.

mod arithmetic;
pub mod columns;
pub mod pool;
pub mod product;
pub mod winograd;

use std::sync::Arc;

use crate::backbone::network::Activation;

pub use product::{Product, Tiling};

/// Invocations of a workgroup, where nothing else is said.
const LANES: usize = 64;

/// A kernel: its source, and what a launch has to know.
#[derive(Debug, Clone)]
pub struct Shader {
    /// WGSL.
    pub source: Arc<str>,
    /// The name of its entry point, which says what it does.
    pub entry_point: &'static str,
    /// What is bound to it, in the order of the bindings.
    pub operands: Vec<Operand>,
    /// How many workgroups it takes.
    pub grid: Grid,
}

/// What a buffer is to a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// What the layer reads: RGB bytes, four to a number, or a map.
    Input,
    /// Integers of 16 bits, four in two numbers of 32.
    Weights,
    /// Of each output channel: what makes real numbers of its sums, scale and bias.
    Affine,
    /// What the weights are multiplied with.
    Factors,
    /// What comes of that: the output, unless it has to be transformed back.
    Products,
    /// A map that is added to the output.
    Shortcut,
    /// What the layer puts out.
    Output,
    /// Means of the maps' channels.
    Embeddings,
    /// One number: how many images there are.
    Images,
}

impl Operand {
    /// Its name in the source.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Weights => "weights",
            Self::Affine => "affine",
            Self::Factors => "factors",
            Self::Products => "products",
            Self::Shortcut => "shortcut",
            Self::Output => "output",
            Self::Embeddings => "embeddings",
            Self::Images => "images",
        }
    }
}

/// Workgroups over columns, of which each image has some, and rows.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Columns of each image.
    columns: usize,
    /// How many columns a workgroup takes.
    width: usize,
    /// Workgroups for the rows.
    rows: usize,
    /// How many times all that is done, each with its own numbers.
    count: usize,
}

impl Grid {
    /// Workgroups in each direction.
    pub fn groups(&self, images: usize) -> [usize; 3] {
        let columns = images * self.columns;
        [columns.div_ceil(self.width), self.rows, self.count]
    }
}

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

    /// The side of an output map.
    pub fn side_out(&self) -> usize {
        self.side / self.stride
    }

    /// Pixels of an output map.
    pub fn area_out(&self) -> usize {
        self.side_out().pow(2)
    }
}

/// What is done to a sum before it is stored, besides adding the bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finish {
    /// Whether another map is added.
    pub shortcut: bool,
    /// What comes last.
    pub activation: Activation,
}

impl Finish {
    /// The finished sum, for what stands in the other map at its place; `kind` is what both are, `f32` or `vec4f`.
    fn of(self, sum: String, shortcut: &str, kind: &str) -> String {
        let sum = match self.shortcut {
            true => format!("{sum} + {shortcut}"),
            false => sum,
        };
        match self.activation {
            Activation::Identity => sum,
            Activation::Relu => format!("max({sum}, {kind}(0.0))"),
        }
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

/// An operand and the type of its elements in WGSL.
type Binding = (Operand, &'static str);

/// A kernel of [`LANES`] invocations a workgroup, where `id` is the invocation's place: at least one for each of
/// `columns` of each image, in each of `rows`.
fn grid_kernel(
    entry_point: &'static str,
    bound: &[Binding],
    row: Row,
    [columns, rows]: [usize; 2],
    body: &str,
) -> Shader {
    let source = format!(
        "{declarations}{padded}
        @compute @workgroup_size({LANES})
        fn {entry_point}(@builtin(global_invocation_id) id: vec3u) {{
            {body}
        }}\n",
        declarations = declarations(bound),
        padded = row.function(),
    );
    Shader {
        source: source.into(),
        entry_point,
        operands: operands(bound),
        grid: Grid {
            columns,
            width: LANES,
            rows,
            count: 1,
        },
    }
}

/// Declares storage buffers in the order of their bindings.
fn declarations(bound: &[Binding]) -> String {
    let declare = |(binding, (operand, element)): (usize, &Binding)| {
        let name = operand.name();
        format!(
            "@group(0) @binding({binding}) var<storage, read_write> {name}: array<{element}>;\n"
        )
    };
    bound.iter().enumerate().map(declare).collect()
}

fn operands(bound: &[Binding]) -> Vec<Operand> {
    bound.iter().map(|(operand, _)| *operand).collect()
}
