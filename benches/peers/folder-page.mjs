/** A page that holds a folder of photos: the samples, repeated where there are fewer. */
import { say } from "../../tools/support/console.mjs";
import { readPhotos } from "../browser/photos.mjs";
import { providePage } from "./browser/page-files.mjs";
import { serve } from "./browser/server.mjs";
import { inSession } from "./browser/session.mjs";
import { modelFiles } from "./model/files.mjs";

/**
 * @param {{ executablePath: string, hardware: boolean, photos: number }} options
 * @param {(session: import("./browser/session.mjs").Session, count: number) => Promise<void>} work
 */
export async function withFolderPage(options, work) {
  const { executablePath, hardware } = options;
  const { onnx } = await modelFiles();
  await providePage();
  const photos = folderOf(options.photos);
  const server = await serve(onnx, (path, response) =>
    sendPhoto(photos, path, response),
  );
  const { address } = server;
  try {
    await inSession({ executablePath, address, hardware }, async (session) => {
      const { page } = session;
      const url = "/page/folder-page.js";
      await page.addScriptTag({ url, type: "module" });
      await page.waitForFunction(() => "fetchPhotos" in window);
      say(`- fetching ${photos.length} photos, which is not timed`);
      const list = photos.map(({ label, split }) => ({ label, split }));
      await page.evaluate(
        (list) => /** @type {any} */ (window).fetchPhotos(list),
        list,
      );
      await work(session, photos.length);
    });
  } finally {
    server.close();
  }
}

/**
 * The sample photos, repeated where there are fewer; every copy stays on the side of the split that the photo is on,
 * or the test would hold what was learned from.
 * @param {number} count
 */
function folderOf(count) {
  const all = readPhotos(["train", "val"]);
  const distinct = Math.min(count, all.length);
  const chosen = Array.from(
    { length: distinct },
    (_, i) => all[Math.floor((i * all.length) / distinct)],
  ).filter((photo) => photo !== undefined);
  return Array.from({ length: count }, (_, i) => {
    const photo = chosen[i % chosen.length];
    if (!photo) throw new Error("There are no photos");
    const { label, side, bytes } = photo;
    // What follows the end of a JPEG changes its hash and nothing else.
    const suffix = Buffer.alloc(Math.floor(i / chosen.length));
    const content = Buffer.concat([Buffer.from(bytes, "base64"), suffix]);
    return { label, split: side === "val" ? "test" : "train", content };
  });
}

/**
 * @param {{ content: Buffer }[]} photos
 * @param {string} path
 * @param {import("node:http").ServerResponse} response
 */
function sendPhoto(photos, path, response) {
  const index = /^\/photos\/(\d+)$/.exec(path)?.[1];
  const photo = photos[Number(index)];
  if (!photo) return false;
  response.writeHead(200, { "content-type": "image/jpeg" });
  response.end(photo.content);
  return true;
}
