/** Relative L2 distance: |a - b| / |b|. */
export function distance(a: number[], b: number[]): number {
  if (a.length !== b.length)
    throw new Error(`${a.length} numbers against ${b.length}`);
  return norm(a.map((value, i) => value - b[i]!)) / norm(b);
}

/** Not by `Math.hypot`: maps are more numbers than a call takes. */
const norm = (values: number[]) =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
