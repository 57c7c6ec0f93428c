import { CROP_BYTES } from "../engines.js";

/** Crops of several images, which go through the trunk together. */
export class GatheredCrops {
  readonly #parts: { place: number; crops: Uint8Array }[] = [];
  #bytes = 0;

  /** Those of the image of this place. */
  add(place: number, crops: Uint8Array): void {
    this.#parts.push({ place, crops });
    this.#bytes += crops.length;
  }

  /** All of them, one after the other. */
  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const { crops } of this.#parts) {
      whole.set(crops, at);
      at += crops.length;
    }
    return whole;
  }

  /** Divides what is said of each crop, always equally much, among the images; `length` is that of one. */
  divide(said: Uint8Array) {
    const length = said.length / (this.#bytes / CROP_BYTES);
    let at = 0;
    return this.#parts.map(({ place, crops }) => {
      const end = at + (crops.length / CROP_BYTES) * length;
      const views = said.subarray(at, end);
      at = end;
      return { place, views, length };
    });
  }
}
