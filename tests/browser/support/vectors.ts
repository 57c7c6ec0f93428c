/** Relative L2 distance: |a - b| / |b|. */
export function distance(a: number[], b: number[]): number {
  if (a.length !== b.length)
    throw new Error(`${a.length} numbers against ${b.length}`);
  return norm(a.map((value, i) => value - b[i]!)) / norm(b);
}

const norm = (values: number[]) => Math.hypot(...values);
