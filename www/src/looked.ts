/** Where in a photo the network saw a class, as a picture over the photo. */

import type { Box, Heatmap } from "headstart";

/** A heat map in a quarter of its memory: many predictions are kept, and a picture has 256 levels anyway. */
export interface Looked {
  label: string;
  /** Row by row from the top; 255 is the most. */
  levels: Uint8ClampedArray;
  width: number;
  height: number;
  box: Box;
}

/** From the least to the most: each colour is lighter than the one before, also to the colour-blind. */
const COLOURS = [
  [46, 11, 89],
  [128, 25, 118],
  [205, 58, 87],
  [243, 131, 48],
  [252, 233, 147],
] as const;

/** The photo shows through, and most where the network saw least. */
const ALPHA = [0.1, 0.8] as const;
const DIMMED = "rgb(0 0 0 / 60%)";

export function toLooked({
  label,
  values,
  width,
  height,
  box,
}: Heatmap): Looked {
  const levels = Uint8ClampedArray.from(values, (value) => value * 255);
  return { label, levels, width, height, box };
}

/** The colours as a CSS gradient, for a legend. */
export function gradient(): string {
  const stops = COLOURS.map((colour) => `rgb(${colour.join(" ")})`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** In which part of the seen square the class was seen most, in words. */
export function strongest({ levels, width, height }: Looked): string {
  const at = levels.indexOf(levels.reduce((a, b) => Math.max(a, b)));
  const across = third(at % width, width, ["left", "", "right"]);
  const down = third(Math.floor(at / width), height, ["top", "", "bottom"]);
  return [down, across].filter(Boolean).join(" ") || "middle";
}

/** Draws the photo, dims what the network did not look at, and lays the map over the rest. */
export function drawLooked(
  canvas: HTMLCanvasElement,
  photo: ImageBitmap,
  looked: Looked,
): void {
  const context = canvas.getContext("2d");
  const map = toCanvas(looked);
  if (!context || !map) return;
  const { width, height } = canvas;
  const { left, top, width: across, height: down } = looked.box;
  context.drawImage(photo, 0, 0, width, height);
  // The box is in the photo's pixels.
  context.setTransform(width / photo.width, 0, 0, height / photo.height, 0, 0);
  context.beginPath();
  context.rect(0, 0, photo.width, photo.height);
  context.rect(left, top, across, down);
  context.fillStyle = DIMMED;
  context.fill("evenodd");
  context.drawImage(map, left, top, across, down);
}

function toCanvas({ levels, width, height }: Looked): OffscreenCanvas | null {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) return null;
  const image = context.createImageData(width, height);
  for (const [i, level] of levels.entries())
    image.data.set(colourOf(level / 255), 4 * i);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** RGBA of a value in [0, 1]. */
function colourOf(value: number): number[] {
  const position = value * (COLOURS.length - 1);
  const below = Math.min(Math.floor(position), COLOURS.length - 2);
  const [from, to] = [COLOURS[below], COLOURS[below + 1]];
  if (!from || !to) return [0, 0, 0, 0];
  const colour = from.map((part, i) =>
    mix(part, to[i] ?? part, position - below),
  );
  return [...colour, 255 * mix(...ALPHA, value)];
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

function third(
  at: number,
  size: number,
  names: [string, string, string],
): string {
  return names[Math.min(2, Math.floor((at / size) * 3))] ?? "";
}
