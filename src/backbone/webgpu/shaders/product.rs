//! Products of matrices, many at once: `products[z] = weights[z]ᵀ · factors[z]` of weights `[count, inner, rows]`,
//! factors `[count, inner, columns]` and products `[count, rows, columns]`. Sums are unrolled here, in the source, so
//! that they stay in registers whichever compiler reads it.

use std::fmt::Write;

use super::{Binding, Finish, Grid, Operand, Row, Shader, declarations, operands};

/// What is multiplied.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// Rows of the result: output channels.
    pub rows: usize,
    /// What is summed over.
    pub inner: usize,
    /// Columns of the result for each image; all images' together are padded.
    pub columns: usize,
    /// How many products.
    pub count: usize,
    /// Where results are a convolution's, each row is scaled and has a number added, and this follows.
    pub finish: Option<Finish>,
}

/// How a product is divided among invocations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tiling {
    /// A workgroup of 256 makes 64×64 results from factors that it first copies into workgroup memory, 16 deep;
    /// each invocation makes 4×4. For graphics processors.
    Shared,
    /// An invocation makes 8 rows of 8 columns, and neighbours take columns next to each other, reading all from
    /// storage: software runs invocations in step, as lanes of its vectors, and pays dearly for barriers.
    Direct,
}

/// Of [`Tiling::Shared`]: results of a workgroup on each side, how deep it copies, and results of an invocation
/// on each side.
const TILE: usize = 64;
const DEPTH: usize = 16;
const PART: usize = 4;
/// Invocations of a workgroup along each side.
const SIDE: usize = TILE / PART;

/// Of [`Tiling::Direct`]: rows and columns of an invocation, and invocations of a workgroup.
const ROWS: usize = 8;
const COLUMNS: usize = 8;
const NEIGHBOURS: usize = 4;

const ENTRY_POINT: &str = "multiply";

impl Tiling {
    /// The one for graphics processors, or for what plays one.
    pub fn for_adapter(software: bool) -> Self {
        if software { Self::Direct } else { Self::Shared }
    }

    /// What rows are padded to.
    pub fn row(self) -> Row {
        Row(match self {
            Self::Shared => TILE,
            Self::Direct => NEIGHBOURS * COLUMNS,
        })
    }

    /// An inner side that kernels can go through without looking where it ends.
    pub fn whole_depth(self, inner: usize) -> usize {
        match self {
            Self::Shared => inner.next_multiple_of(DEPTH),
            Self::Direct => inner,
        }
    }

    /// Workgroups that make a product.
    fn grid(self, product: &Product) -> Grid {
        let height = match self {
            Self::Shared => TILE,
            Self::Direct => ROWS,
        };
        Grid {
            columns: product.columns,
            width: self.row().0,
            rows: product.rows / height,
            count: product.count,
        }
    }
}

/// The kernel of a product.
pub fn shader(product: &Product, tiling: Tiling) -> Shader {
    let element = match tiling {
        Tiling::Shared => "vec4f",
        Tiling::Direct => "f32",
    };
    let mut bound = vec![
        (Operand::Weights, "vec2u"),
        (Operand::Factors, element),
        (Operand::Products, element),
        (Operand::Images, "u32"),
    ];
    if let Some(finish) = product.finish {
        bound.push((Operand::Affine, "vec2f"));
        if finish.shortcut {
            bound.push((Operand::Shortcut, element));
        }
    }
    let source = match tiling {
        Tiling::Shared => shared(product, tiling.row(), &bound),
        Tiling::Direct => direct(product, tiling.row(), &bound),
    };
    Shader {
        source: source.into(),
        entry_point: ENTRY_POINT,
        operands: operands(&bound),
        grid: tiling.grid(product),
    }
}

fn header(bound: &[Binding], row: Row, lanes: usize) -> String {
    format!(
        "{declarations}{padded}
        fn widened(four: vec2u) -> vec4f {{
            let even = bitcast<vec2i>(four << vec2u(16u)) >> vec2u(16u);
            let odd = bitcast<vec2i>(four) >> vec2u(16u);
            return vec4f(vec4i(even.x, odd.x, even.y, odd.y));
        }}
        @compute @workgroup_size({lanes})
        fn {ENTRY_POINT}(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {{\n",
        declarations = declarations(bound),
        padded = row.function(),
    )
}

/// Stores the sum of a row in its place.
fn store(product: &Product, sum: String, row: &str, place: &str, kind: &str) -> String {
    let value = match product.finish {
        Some(finish) => {
            let sum = format!("{sum} * affine[{row}].x + {kind}(affine[{row}].y)");
            finish.of(sum, &format!("shortcut[{place}]"), kind)
        }
        None => sum,
    };
    format!("products[{place}] = {value};")
}

fn component(index: usize) -> char {
    ['x', 'y', 'z', 'w'][index % 4]
}

fn shared(product: &Product, row: Row, bound: &[Binding]) -> String {
    let Product {
        rows,
        inner,
        columns,
        ..
    } = *product;
    assert!(
        rows.is_multiple_of(TILE) && inner.is_multiple_of(DEPTH),
        "a tile would overhang"
    );
    // Of four numbers each; an invocation copies one vector of each factor.
    let (tile, copied) = (TILE / 4, SIDE * SIDE);
    const { assert!(DEPTH * TILE / 4 == SIDE * SIDE) };
    let mut code = format!(
        "var<workgroup> sa: array<vec4f, {copied}>;
        var<workgroup> sb: array<vec4f, {copied}>;
        {header}
            let stride = padded(images[0] * {columns}u) / 4u;
            let x = local % {SIDE}u;
            let y = local / {SIDE}u;
            var from_a = (group.z * {inner}u + y) * {a_stride}u + group.y * {tile}u + x;
            var from_b = (group.z * {inner}u + y) * stride + group.x * {tile}u + x;\n",
        header = header(bound, row, SIDE * SIDE),
        a_stride = rows / 4,
    );
    for i in 0..PART {
        let _ = writeln!(code, "var c{i} = vec4f(0.0);");
    }
    let _ = writeln!(
        code,
        "for (var k = 0u; k < {inner}u; k += {DEPTH}u) {{
            sa[local] = widened(weights[from_a]);
            sb[local] = factors[from_b];
            from_a += {}u;
            from_b += {DEPTH}u * stride;
            workgroupBarrier();",
        DEPTH * rows / 4
    );
    for k in 0..DEPTH {
        let _ = writeln!(
            code,
            "let a{k} = sa[{start}u + y];
            let b{k} = sb[{start}u + x];",
            start = k * tile
        );
        for i in 0..PART {
            let part = component(i);
            let _ = writeln!(code, "c{i} = fma(vec4f(a{k}.{part}), b{k}, c{i});");
        }
    }
    code.push_str("workgroupBarrier();\n}\n");
    let _ = writeln!(
        code,
        "let row = group.y * {TILE}u + y * {PART}u;
        let to = (group.z * {rows}u + row) * stride + group.x * {tile}u + x;"
    );
    for i in 0..PART {
        let (row, place) = (format!("row + {i}u"), format!("to + {i}u * stride"));
        code.push_str(&store(product, format!("c{i}"), &row, &place, "vec4f"));
        code.push('\n');
    }
    code.push_str("}\n");
    code
}

fn direct(product: &Product, row: Row, bound: &[Binding]) -> String {
    let Product {
        rows,
        inner,
        columns,
        ..
    } = *product;
    assert!(rows.is_multiple_of(ROWS), "a tile would overhang");
    let mut code = format!(
        "{header}
            let stride = padded(images[0] * {columns}u);
            let column = group.x * {span}u + local;
            var from_a = group.z * {matrix}u + group.y * {part}u;
            var from_b = group.z * {inner}u * stride + column;\n",
        header = header(bound, row, NEIGHBOURS),
        span = NEIGHBOURS * COLUMNS,
        matrix = inner * rows / 4,
        part = ROWS / 4,
    );
    for i in 0..ROWS {
        for j in 0..COLUMNS {
            let _ = writeln!(code, "var c{i}_{j} = 0.0;");
        }
    }
    let _ = writeln!(code, "for (var k = 0u; k < {inner}u; k++) {{");
    for j in 0..COLUMNS {
        let _ = writeln!(code, "let b{j} = factors[from_b + {}u];", j * NEIGHBOURS);
    }
    for i in 0..ROWS / 4 {
        let _ = writeln!(code, "let a{i} = widened(weights[from_a + {i}u]);");
    }
    for i in 0..ROWS {
        for j in 0..COLUMNS {
            let part = component(i);
            let _ = writeln!(code, "c{i}_{j} += a{}.{part} * b{j};", i / 4);
        }
    }
    let _ = writeln!(
        code,
        "from_a += {}u;
        from_b += stride;
        }}
        let row = group.y * {ROWS}u;
        let to = (group.z * {rows}u + row) * stride + column;",
        rows / 4
    );
    for i in 0..ROWS {
        for j in 0..COLUMNS {
            let (sum, row) = (format!("c{i}_{j}"), format!("row + {i}u"));
            let place = format!("to + {i}u * stride + {}u", j * NEIGHBOURS);
            code.push_str(&store(product, sum, &row, &place, "f32"));
            code.push('\n');
        }
    }
    code.push_str("}\n");
    code
}
