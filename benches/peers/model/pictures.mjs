/**
 * The pictures that every engine embeds: coloured waves and discs, drawn from a seed. They are 256 pixels wide and
 * high, so that the crop of 224 needs no resizing and every engine gets the same input to the bit.
 */
import { generator } from "../../browser/random.js";
import { SIDE } from "./network.mjs";

/** Side of a picture in pixels. */
export const PICTURE_SIDE = 256;
/** How many there are; larger batches repeat them. */
export const PICTURES = 4;

/** Of the ImageNet photos, by channel. */
export const MEAN = [0.485, 0.456, 0.406];
export const STD = [0.229, 0.224, 0.225];
const DISCS = 12;
const WAVES = 6;

/**
 * RGBA bytes, `[256, 256, 4]`.
 * @param {number} seed
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function picture(seed) {
  const random = generator(seed);
  const waves = Array.from({ length: WAVES }, () => ({
    across: (random() - 0.5) / 4,
    down: (random() - 0.5) / 4,
    phase: random() * 2 * Math.PI,
    colour: [random() * 30, random() * 30, random() * 30],
  }));
  const discs = Array.from({ length: DISCS }, () => ({
    x: random() * PICTURE_SIDE,
    y: random() * PICTURE_SIDE,
    radius: 8 + random() * 48,
    colour: [random() * 255, random() * 255, random() * 255],
  }));
  const pixels = new Uint8ClampedArray(PICTURE_SIDE * PICTURE_SIDE * 4);
  for (let y = 0; y < PICTURE_SIDE; y++) {
    for (let x = 0; x < PICTURE_SIDE; x++) {
      const disc = discs.find(
        (each) => Math.hypot(x - each.x, y - each.y) < each.radius,
      );
      const at = (y * PICTURE_SIDE + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        let value = disc?.colour[channel] ?? 128;
        for (const { across, down, phase, colour } of waves) {
          value +=
            (colour[channel] ?? 0) * Math.sin(across * x + down * y + phase);
        }
        pixels[at + channel] = value + 16 * (random() - 0.5);
      }
      pixels[at + 3] = 255;
    }
  }
  return pixels;
}

/**
 * The central crop, normalised for ImageNet, `[3, 224, 224]`.
 * @param {Uint8ClampedArray} pixels
 */
export function normalized(pixels) {
  const border = (PICTURE_SIDE - SIDE) / 2;
  const input = new Float32Array(3 * SIDE * SIDE);
  let at = 0;
  for (let channel = 0; channel < 3; channel++) {
    const mean = MEAN[channel] ?? NaN;
    const std = STD[channel] ?? NaN;
    for (let y = border; y < border + SIDE; y++) {
      for (let x = border; x < border + SIDE; x++) {
        const value = pixels[(y * PICTURE_SIDE + x) * 4 + channel] ?? NaN;
        input[at++] = (value / 255 - mean) / std;
      }
    }
  }
  return input;
}
