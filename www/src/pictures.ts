/** Pictures of photos, drawn only once they come into view. */

import type { Attachment } from "svelte/attachments";
import { drawLooked, type Looked } from "./looked";

/** Decoding a large photo takes tens of megabytes for a moment, so only a few are decoded at a time. */
const AT_ONCE = 3;
/** The longer side of a thumbnail, and of a whole photo. */
const SMALL = 192;
const LARGE = 640;

type Draw = (canvas: HTMLCanvasElement) => Promise<void>;

const draws = new Map<Element, () => Promise<void>>();
const waiting: Element[] = [];
let running = 0;

const observer = new IntersectionObserver(
  (changes) => {
    for (const { isIntersecting, target } of changes) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.push(target);
    }
    drawNext();
  },
  { rootMargin: "200px" },
);

/** Draws the middle square of `file`. */
export function thumbnail(file: Blob): Attachment<HTMLCanvasElement> {
  return whenSeen(async (canvas) => {
    const photo = await decodeSmall(file);
    const side = Math.min(photo.width, photo.height);
    const left = (photo.width - side) / 2;
    const top = (photo.height - side) / 2;
    canvas.width = SMALL;
    canvas.height = SMALL;
    canvas
      .getContext("2d")
      ?.drawImage(photo, left, top, side, side, 0, 0, SMALL, SMALL);
    photo.close();
  });
}

/** Draws the whole of `file`, and over it where the network looked. */
export function lookedAt(
  file: Blob,
  looked: Looked,
): Attachment<HTMLCanvasElement> {
  return whenSeen(async (canvas) => {
    // In full: where the map lies is told in the photo's own pixels.
    const photo = await createImageBitmap(file);
    const scale = Math.min(1, LARGE / Math.max(photo.width, photo.height));
    canvas.width = Math.max(1, Math.round(photo.width * scale));
    canvas.height = Math.max(1, Math.round(photo.height * scale));
    drawLooked(canvas, photo, looked);
    photo.close();
  });
}

/** Calls `draw` when the canvas is about to be seen. */
function whenSeen(draw: Draw): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    draws.set(canvas, () => draw(canvas));
    observer.observe(canvas);
    return () => {
      draws.delete(canvas);
      observer.unobserve(canvas);
    };
  };
}

function drawNext(): void {
  while (running < AT_ONCE && waiting.length > 0) {
    const canvas = waiting.shift();
    const task = canvas && draws.get(canvas);
    if (!task) continue;
    running += 1;
    // Where a photo cannot be drawn the empty frame stays; the package has its own, worded opinion on it.
    task()
      .catch(() => undefined)
      .finally(() => {
        running -= 1;
        drawNext();
      });
  }
}

async function decodeSmall(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, {
      resizeHeight: SMALL * 2,
      resizeQuality: "medium",
    });
  } catch {
    // Browsers that do not scale while they decode.
    return await createImageBitmap(file);
  }
}
