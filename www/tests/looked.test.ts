import { expect, it } from "vitest";
import { strongest, toLooked } from "../src/looked";

const box = { left: 0, top: 0, width: 224, height: 224 };

/** A map of 9 by 9 that is 0 but for one place. */
function peakAt(x: number, y: number) {
  const values = new Float32Array(81);
  values[9 * y + x] = 1;
  const grid = new Float32Array(49);
  return toLooked({ label: "ants", grid, values, width: 9, height: 9, box });
}

it("keeps a heat map in 256 levels", () => {
  const values = Float32Array.of(0, 0.5, 1);
  const grid = new Float32Array(49);
  expect(
    toLooked({ label: "ants", grid, values, width: 3, height: 1, box }),
  ).toEqual({
    label: "ants",
    levels: Uint8ClampedArray.of(0, 128, 255),
    width: 3,
    height: 1,
    box,
  });
});

it.each([
  [0, 0, "top left"],
  [4, 2, "top"],
  [8, 4, "right"],
  [4, 4, "middle"],
  [5, 8, "bottom"],
  [8, 6, "bottom right"],
])("says in words that the most is at %i, %i: %s", (x, y, words) => {
  expect(strongest(peakAt(x, y))).toBe(words);
});
