/** Downloads one file whose hash is known, and takes up an interrupted download where it stopped. */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { SetupError, messageOf, say } from "./console.mjs";
import { sha256OfFile, sizeOf } from "./files.mjs";
import { progressLine } from "./progress.mjs";

/**
 * @typedef {object} Download
 * @property {string} url
 * @property {string} destination
 * @property {string} sha256
 * @property {number} size in bytes
 * @property {number} [attempts]
 * @property {number} [patience] milliseconds without a byte after which a connection counts as lost
 * @property {(attempt: number) => Promise<void>} [pause] between attempts
 * @property {(line: string) => void} [log]
 * @property {(loaded: number, total: number) => void} [onProgress]
 */

/** A failure that trying again cannot mend. */
class Refusal extends SetupError {}

/** What the server sent is not the rest of what is here: the part has to go. */
class WrongPart extends Error {}

/** Which failures mean that there is no way to the server at all. */
const UNREACHABLE = new Set([
  ...["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ENETUNREACH", "EHOSTUNREACH"],
  ...["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"],
]);

/** @param {Download} download */
export async function download(download) {
  const { destination, sha256, size, attempts = 4, log = say } = download;
  const { pause = backOff, url } = download;
  const part = `${destination}.part`;
  await mkdir(dirname(destination), { recursive: true });
  let startedOver = false;
  for (let attempt = 1; ;) {
    try {
      await fetchRest(download, part);
      if ((await sha256OfFile(part)) !== sha256) {
        throw new WrongPart("what arrived does not have the expected SHA-256");
      }
      await rename(part, destination);
      return;
    } catch (error) {
      if (error instanceof WrongPart) {
        await rm(part, { force: true });
        if (startedOver) throw wrongFile(download);
        startedOver = true;
        log(`  ${messageOf(error)}; starting over`);
        continue;
      }
      if (error instanceof Refusal) throw error;
      // Without a way to the server, a second try is enough to tell.
      const enough = UNREACHABLE.has(reasonOf(error)) ? 2 : attempts;
      if (attempt >= enough) throw unreachable(url, destination, error);
      const have = (await sizeOf(part)) ?? 0;
      const at = have > 0 ? `after ${have} of ${size} bytes` : "at once";
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
async function fetchRest(download, part) {
  const { url, size, patience = 30_000 } = download;
  const have = (await sizeOf(part)) ?? 0;
  if (have === size) return;
  if (have > size) throw new WrongPart("the part here is longer than the file");

  const silence = new Silence(patience);
  try {
    const response = await fetch(url, {
      signal: silence.signal,
      headers: {
        // Compressed, the ranges and the size would be another file's.
        "accept-encoding": "identity",
        ...(have > 0 ? { range: `bytes=${have}-` } : {}),
      },
    });
    const offset = startOf(response, have, download);
    const report =
      download.onProgress ?? progressLine(basename(download.destination));
    const file = await open(part, offset === 0 ? "w" : "a");
    try {
      let loaded = offset;
      report(loaded, size);
      if (!response.body) throw new Error("the answer has no body");
      for await (const chunk of response.body) {
        silence.broken();
        loaded += chunk.length;
        if (loaded > size) {
          throw new WrongPart("more arrived than the file has");
        }
        await file.write(chunk);
        report(loaded, size);
      }
      if (loaded < size) throw new Error("the connection closed early");
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    silence.end();
  }
}

/**
 * Where the body of an answer belongs in the file.
 * @param {Response} response
 * @param {number} have
 * @param {Download} download
 */
function startOf(response, have, { url }) {
  const { status } = response;
  if (status === 416) throw new WrongPart("the server has no such range");
  if (status >= 500 || status === 429 || status === 408) {
    throw new Error(`the server answered ${status}`);
  }
  if (status !== 200 && status !== 206) {
    throw new Refusal(
      `${url} answered ${status}`,
      "Set RESNET18_WEIGHTS to the path of a checkpoint, or try again later",
    );
  }
  if (/^text\/html\b/.test(response.headers.get("content-type") ?? "")) {
    throw new Refusal(
      `${url} answered with a web page instead of the file`,
      "A network with a sign-in page does this: sign in with a browser, then run this again",
    );
  }
  if (status === 200) return 0;
  const start = /^bytes (\d+)-/.exec(
    response.headers.get("content-range") ?? "",
  )?.[1];
  if (Number(start) !== have)
    throw new WrongPart("the server sent other bytes");
  return have;
}

/** Aborts a connection on which nothing arrives any more. */
class Silence {
  /** @param {number} patience */
  constructor(patience) {
    this.patience = patience;
    this.controller = new AbortController();
    this.signal = this.controller.signal;
    this.broken();
  }

  broken() {
    clearTimeout(this.timer);
    this.timer = setTimeout(
      () => this.controller.abort(new Error("nothing arrives any more")),
      this.patience,
    );
  }

  end() {
    clearTimeout(this.timer);
  }
}

/** @param {number} attempt */
const backOff = (attempt) =>
  new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** (attempt - 1)));

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
  const { host } = new URL(url);
  const what = UNREACHABLE.has(reasonOf(cause))
    ? `${host} cannot be reached (${reasonOf(cause)}): is this machine offline?`
    : `The download of ${url} keeps breaking off (${reasonOf(cause)})`;
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
