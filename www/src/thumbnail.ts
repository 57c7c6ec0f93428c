/** Small pictures, drawn only once they come into view. */

import type { Attachment } from "svelte/attachments";

/** Decoding a large photo takes tens of megabytes for a moment, so only a few are decoded at a time. */
const AT_ONCE = 3;
const PIXELS = 192;

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

/** Draws the middle square of `file` into a canvas when it is about to be seen. */
export function thumbnail(file: Blob): Attachment<HTMLCanvasElement> {
  return (canvas) => {
    draws.set(canvas, () => draw(canvas, file));
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
    void task().finally(() => {
      running -= 1;
      drawNext();
    });
  }
}

async function draw(canvas: HTMLCanvasElement, file: Blob): Promise<void> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await decode(file);
  } catch {
    // The empty frame stays; the package has its own, worded opinion on the file.
    return;
  }
  const side = Math.min(bitmap.width, bitmap.height);
  const left = (bitmap.width - side) / 2;
  const top = (bitmap.height - side) / 2;
  canvas.width = PIXELS;
  canvas.height = PIXELS;
  canvas
    .getContext("2d")
    ?.drawImage(bitmap, left, top, side, side, 0, 0, PIXELS, PIXELS);
  bitmap.close();
}

async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, {
      resizeHeight: PIXELS * 2,
      resizeQuality: "medium",
    });
  } catch {
    // Browsers that do not scale while they decode.
    return await createImageBitmap(file);
  }
}
