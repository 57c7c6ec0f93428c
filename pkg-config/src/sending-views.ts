/** Fine-tuning needs the images once more: the files that were added. */
import { batches } from "./batches.js";
import type { Connection } from "./connection.js";
import { HeadstartError } from "./errors.js";
import type { NumberedImage } from "./protocol.js";
import type { TrainStep } from "./types/index.js";

/** About how many views of an image are computed, where `add` computes one. */
const VIEWS = 4;

/** The files of all these images, by id. */
export function allOf(
  ids: number[],
  files: ReadonlyMap<number, Blob>,
): Map<number, Blob> {
  const all = new Map<number, Blob>();
  for (const id of ids) {
    const file = files.get(id);
    if (file) all.set(id, file);
  }
  const missing = ids.length - all.size;
  if (missing === 0) return all;
  throw new HeadstartError(
    "IMAGES_MISSING",
    `Fine-tuning needs the images themselves, and ${missing} of ${ids.length} are not here: add the same files again; images that came as pixels, bitmaps or elements have to be added as files.`,
  );
}

/** Sends them a few at a time, and says after each few how far that is. `size`: how many `add` sends at once. */
export async function* sendViews(
  run: number,
  files: ReadonlyMap<number, Blob>,
  size: number,
  connection: Connection,
  signal: AbortSignal | undefined,
): AsyncGenerator<TrainStep, void, void> {
  const ids = files.keys();
  const few = Math.ceil(size / VIEWS);
  for await (const batch of batches(files.values(), few, connection, signal)) {
    const images: NumberedImage[] = [];
    for (const image of batch) {
      const id = ids.next();
      if (!id.done) images.push({ id: id.value, image });
    }
    yield await connection.call(
      (api, call) => api.addViews(call, run, images),
      signal,
    );
  }
}
