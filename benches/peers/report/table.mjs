/** Tables in Markdown, which also read well in a terminal. */
import { median, spread } from "../statistics.mjs";

/** The library that the others are compared with. */
const BASE = "onnxruntime-web";

/**
 * @param {string[]} head
 * @param {string[][]} rows the first column is text, the others are figures
 */
export function table(head, rows) {
  const widths = head.map((title, i) =>
    Math.max(
      ...[title, ...rows.map((row) => row[i] ?? "")].map((c) => c.length),
    ),
  );
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, i) => pad(cell, widths[i] ?? 0, i)).join(" | ")} |`;
  const rule = widths.map((width, i) =>
    i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/**
 * @param {string} cell
 * @param {number} width
 * @param {number} column
 */
const pad = (cell, width, column) =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);

/** @param {import("./rows.mjs").Row[]} rows of one backend */
export function timesTable(rows) {
  const head = [
    ...["library", "threads", "batch", "ms per picture", "spread"],
    ...[
      `times ${BASE}`,
      "first call, ms",
      "cores busy",
      "threads at work",
      "cosine",
    ],
  ];
  return table(
    head,
    rows.map((row) => {
      const base = rows.find(
        ({ library, threads, batch }) =>
          library === BASE && threads === row.threads && batch === row.batch,
      );
      return [
        row.library,
        String(row.threads),
        String(row.batch),
        figure(median(row.times) / row.batch),
        percent(spread(row.times)),
        base ? `${ratio(base, row).toFixed(2)}×` : "",
        figure(row.first),
        row.busy.toFixed(1),
        row.sharers === 0 ? "" : row.sharers.toFixed(1),
        row.cosine.toFixed(7),
      ];
    }),
  );
}

/**
 * How many times as fast `row` is as `base`: the median over the rounds of the ratio within each, so that what slows
 * a whole round changes nothing.
 * @param {{ times: number[] }} base
 * @param {{ times: number[] }} row
 */
export function ratio(base, row) {
  const rounds = Math.min(base.times.length, row.times.length);
  return median(
    Array.from(
      { length: rounds },
      (_, i) => (base.times[i] ?? NaN) / (row.times[i] ?? NaN),
    ),
  );
}

/**
 * @param {import("./rows.mjs").Cold[]} cold
 * @param {Record<string, number>} wasm
 */
export function coldTable(cold, wasm) {
  return table(
    [
      ...["engine", "code and weights loaded, ms", "first picture, ms"],
      ...["memory at its highest, MB", "of it WebAssembly, MB"],
    ],
    cold.map(({ engine, open, first, peakBytes }) => [
      engine,
      open.toFixed(0),
      first.toFixed(0),
      peakBytes === undefined ? "" : megabytes(peakBytes),
      wasm[engine] === undefined ? "" : megabytes(wasm[engine]),
    ]),
  );
}

/** @param {{ engine: string, raw: number, gzip: number, brotli: number }[]} downloads */
export function sizesTable(downloads) {
  return table(
    ["engine", "raw, MB", "gzip, MB", "brotli, MB"],
    downloads.map(({ engine, raw, gzip, brotli }) => [
      engine,
      ...[raw, gzip, brotli].map(megabytes),
    ]),
  );
}

/** @param {number} value */
export const figure = (value) =>
  value < 100 ? value.toFixed(1) : value.toFixed(0);

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(0)} %`;

/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
