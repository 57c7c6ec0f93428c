/** Downloads one file whose hash is known, and takes up an interrupted download where it stopped, also another run's. */
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SetupError, messageOf, say } from "./console.mjs";
import { sha256OfFile, sizeOf } from "./files.mjs";

/**
 * @typedef {object} Download
 * @property {string} url
 * @property {string} destination
 * @property {string} sha256
 * @property {number} size in bytes
 * @property {number} [attempts]
 * @property {number} [patience] milliseconds without a byte after which a connection counts as lost
 * @property {(attempt: number) => Promise<unknown>} [pause] between attempts
 * @property {(line: string) => void} [log]
 * @property {(loaded: number) => void} [onProgress]
 */

/** What the server sent is not the rest of what is here: the part has to go. */
class WrongPart extends Error {}

/** Which failures mean that there is no way to the server at all. */
const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/;

/** @param {Download} download */
export async function download(download) {
  const { url, destination, sha256, size, attempts = 4, log = say } = download;
  const { pause = (attempt) => sleep(1000 * 2 ** (attempt - 1)) } = download;
  const part = `${destination}.part`;
  await mkdir(dirname(destination), { recursive: true });
  let startedOver = false;
  for (let attempt = 1; ;) {
    try {
      await fetchRest(download, part);
      if ((await sha256OfFile(part)) !== sha256) {
        throw new WrongPart("what arrived does not have the expected SHA-256");
      }
      return await rename(part, destination);
    } catch (error) {
      // Trying again cannot mend it.
      if (error instanceof SetupError) throw error;
      if (error instanceof WrongPart) {
        await rm(part, { force: true });
        if (startedOver) throw wrongFile(download);
        startedOver = true;
        log(`  ${error.message}; starting over`);
        continue;
      }
      // Without a way to the server, a second try is enough to tell.
      const enough = UNREACHABLE.test(reasonOf(error)) ? 2 : attempts;
      if (attempt >= enough) throw unreachable(url, destination, error);
      const have = await sizeOf(part);
      const at = have ? `after ${have} of ${size} bytes` : "at once";
      log(`  interrupted ${at} (${reasonOf(error)}); trying again`);
      await pause(attempt++);
    }
  }
}

/**
 * Appends to `part` what it lacks.
 * @param {Download} download
 * @param {string} part
 */
async function fetchRest(
  { url, destination, size, patience = 30_000, onProgress },
  part,
) {
  const have = (await sizeOf(part)) ?? 0;
  if (have === size) return;
  if (have > size) throw new WrongPart("the part here is longer than the file");
  const silence = new AbortController();
  const abort = () => silence.abort(new Error("nothing arrives any more"));
  const timer = setTimeout(abort, patience);
  try {
    const response = await fetch(url, {
      signal: silence.signal,
      headers: {
        // Compressed, the ranges and the size would be another file's.
        "accept-encoding": "identity",
        ...(have > 0 ? { range: `bytes=${have}-` } : {}),
      },
    });
    let loaded = startOf(response, have, url);
    if (!response.body) throw new Error("the answer has no body");
    const report = onProgress ?? tenths(basename(destination), size);
    const counted = async function* (
      /** @type {AsyncIterable<Uint8Array>} */ chunks,
    ) {
      report(loaded);
      for await (const chunk of chunks) {
        timer.refresh();
        loaded += chunk.length;
        if (loaded > size)
          throw new WrongPart("more arrived than the file has");
        yield chunk;
        report(loaded);
      }
      if (loaded < size) throw new Error("the connection closed early");
    };
    const file = createWriteStream(part, {
      flags: loaded === 0 ? "w" : "a",
      flush: true,
    });
    await pipeline(response.body, counted, file);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Where the body of an answer belongs in the file.
 * @param {Response} response
 * @param {number} have
 * @param {string} url
 */
function startOf({ status, headers }, have, url) {
  if (status === 416) throw new WrongPart("the server has no such range");
  if (status >= 500 || status === 429 || status === 408) {
    throw new Error(`the server answered ${status}`);
  }
  if (status !== 200 && status !== 206) {
    throw new SetupError(
      `${url} answered ${status}`,
      "Set RESNET18_WEIGHTS to the path of a checkpoint, or try again later",
    );
  }
  if (/^text\/html\b/.test(headers.get("content-type") ?? "")) {
    throw new SetupError(
      `${url} answered with a web page instead of the file`,
      "A network with a sign-in page does this: sign in with a browser, then run this again",
    );
  }
  if (status === 200) return 0;
  const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
  if (Number(start) !== have)
    throw new WrongPart("the server sent other bytes");
  return have;
}

/**
 * A line for each tenth of a file.
 * @param {string} name
 * @param {number} size
 * @param {(line: string) => void} [log]
 * @returns {(loaded: number) => void}
 */
export function tenths(name, size, log = say) {
  let shown = -1;
  return (loaded) => {
    const tenth = Math.floor((10 * loaded) / size);
    if (tenth === shown) return;
    shown = tenth;
    log(`  ${name}: ${10 * tenth} % of ${(size / 1e6).toFixed(1)} MB`);
  };
}

/** @param {Download} download */
const wrongFile = ({ url, destination }) =>
  new SetupError(
    `What ${url} sends does not have the expected SHA-256, twice; it was deleted`,
    `Something between here and there changes it. Download it elsewhere and put it at ${destination}`,
  );

/**
 * @param {string} url
 * @param {string} destination
 * @param {unknown} cause
 */
function unreachable(url, destination, cause) {
  const reason = reasonOf(cause);
  const what = UNREACHABLE.test(reason)
    ? `${new URL(url).host} cannot be reached (${reason}): is this machine offline?`
    : `The download of ${url} keeps breaking off (${reason})`;
  return new SetupError(
    what,
    `Run this again with a connection, or download ${url} elsewhere and put it at ${destination}, ` +
      "or set RESNET18_WEIGHTS to the path of a checkpoint",
    { cause },
  );
}

/**
 * fetch says only "fetch failed" or "terminated"; its cause says why.
 * @param {unknown} error
 */
function reasonOf(error) {
  const cause = /** @type {{ cause?: { code?: string, message?: string } }} */ (
    error
  ).cause;
  return cause?.code ?? cause?.message ?? messageOf(error);
}
