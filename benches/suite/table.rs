//! Markdown tables, padded as Prettier does, so that they can be pasted as they are.

/// A table under construction.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(headings: &[&str]) -> Self {
        Self {
            rows: vec![headings.iter().map(ToString::to_string).collect()],
        }
    }

    pub fn row(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.rows[0].len(), "one cell a column");
        self.rows.push(cells);
    }

    pub fn print(&self) {
        let width = |column: usize| -> usize {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..self.rows[0].len()).map(width).collect();
        let line = |cells: Vec<String>| println!("| {} |", cells.join(" | "));
        for (place, row) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(&widths);
            line(
                cells
                    .map(|(cell, &width)| format!("{cell:width$}"))
                    .collect(),
            );
            if place == 0 {
                line(widths.iter().map(|&width| "-".repeat(width)).collect());
            }
        }
        println!();
    }
}

/// A share in per cent.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
