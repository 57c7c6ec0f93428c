import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import test from "node:test";
import { SetupError } from "../../tools/support/console.mjs";
import { download, tenths } from "../../tools/support/download.mjs";
import { sha256 } from "../../tools/support/files.mjs";
import { scratch } from "./scratch.mjs";

const CONTENT = Buffer.from(
  Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8)) % 256),
);

/**
 * A server that answers each request with the next of the handlers, the last one for all that follow.
 * @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void} Handler
 * @param {import("node:test").TestContext} t
 * @param {...Handler} handlers
 */
async function origin(t, ...handlers) {
  /** @type {(string | undefined)[]} */
  const ranges = [];
  const server = createServer((request, response) => {
    const handler = handlers[Math.min(ranges.length, handlers.length - 1)];
    ranges.push(request.headers.range);
    handler(request, response);
  });
  await new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(0)),
  );
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  return { url: `http://127.0.0.1:${port}/model.pth`, ranges };
}

/**
 * A download of the content, of which an earlier run may have left a part.
 * @param {import("node:test").TestContext} t
 * @param {string} url
 * @param {Partial<import("../../tools/support/download.mjs").Download> & { left?: Buffer }} [changes]
 */
async function request(t, url, { left, ...changes } = {}) {
  const destination = join(await scratch(t), "weights", "model.pth");
  const part = `${destination}.part`;
  if (left) {
    mkdirSync(dirname(part));
    writeFileSync(part, left);
  }
  /** @type {string[]} */
  const lines = [];
  /** @type {number[]} */
  const loaded = [];
  const run = () =>
    download({
      ...{ url, destination, sha256: sha256(CONTENT), size: CONTENT.length },
      pause: async () => {},
      log: (line) => lines.push(line),
      onProgress: (bytes) => loaded.push(bytes),
      ...changes,
    });
  return { destination, part, lines, loaded, run };
}

/** @type {Handler} */
const whole = (_, response) => {
  response.writeHead(200, { "content-length": CONTENT.length }).end(CONTENT);
};

/** @type {Handler} */
const ranged = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1]);
  if (Number.isNaN(start)) return whole(request, response);
  response.writeHead(206, {
    "content-range": `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`,
    "content-length": CONTENT.length - start,
  });
  response.end(CONTENT.subarray(start));
};

/**
 * Promises everything, sends so much, and hangs up.
 * @param {number} bytes
 * @returns {Handler}
 */
const breaksOffAfter = (bytes) => (_, response) => {
  response.writeHead(200, { "content-length": CONTENT.length });
  response.write(CONTENT.subarray(0, bytes), () => response.destroy());
};

/**
 * @param {number} status
 * @param {Record<string, string>} [headers]
 * @param {string} [body]
 * @returns {Handler}
 */
const answers =
  (status, headers = {}, body = "") =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

/** @param {Awaited<ReturnType<typeof request>>} asked */
function assertComplete(asked) {
  assert.deepEqual(readFileSync(asked.destination), CONTENT);
  assert.equal(existsSync(asked.part), false, "the part is gone");
}

/** @param {Awaited<ReturnType<typeof request>>} asked */
function assertNothingLeft(asked) {
  assert.equal(existsSync(asked.destination), false, "no file");
  assert.equal(existsSync(asked.part), false, "no part");
}

test("a download arrives whole, under its name only once it is complete", async (t) => {
  const { url, ranges } = await origin(t, whole);
  const asked = await request(t, url);
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, [undefined]);
});

test("progress begins at zero, never falls and ends at the size", async (t) => {
  const { url } = await origin(t, whole);
  const asked = await request(t, url);
  await asked.run();
  assert.equal(asked.loaded[0], 0);
  assert.equal(asked.loaded.at(-1), CONTENT.length);
  assert.deepEqual(
    asked.loaded,
    [...asked.loaded].sort((a, b) => a - b),
  );
});

test("an interrupted download goes on where it stopped", async (t) => {
  const { url, ranges } = await origin(t, breaksOffAfter(70_000), ranged);
  const asked = await request(t, url);
  await asked.run();
  assertComplete(asked);
  assert.equal(ranges.length, 2);
  assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
  assert.match(asked.lines.join(), /interrupted after \d+ of 200000 bytes/);
});

test("a part that an earlier run left is taken up", async (t) => {
  const { url, ranges } = await origin(t, ranged);
  const asked = await request(t, url, { left: CONTENT.subarray(0, 123_456) });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, ["bytes=123456-"]);
  assert.equal(asked.loaded[0], 123_456);
});

test("a server that knows no ranges sends everything, and nothing is doubled", async (t) => {
  const { url, ranges } = await origin(t, whole);
  const asked = await request(t, url, { left: CONTENT.subarray(0, 50_000) });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, ["bytes=50000-"]);
});

test("a range that the server refuses restarts the download", async (t) => {
  const { url, ranges } = await origin(t, answers(416), whole);
  const asked = await request(t, url, { left: CONTENT.subarray(0, 50_000) });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, ["bytes=50000-", undefined]);
});

test("another range than the one asked for restarts the download", async (t) => {
  /** @type {Handler} */
  const wrong = (_, response) => {
    const rest = CONTENT.subarray(10);
    response.writeHead(206, {
      "content-range": `bytes 10-${CONTENT.length - 1}/${CONTENT.length}`,
    });
    response.end(rest);
  };
  const { url, ranges } = await origin(t, wrong, ranged);
  const asked = await request(t, url, { left: CONTENT.subarray(0, 50_000) });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, ["bytes=50000-", undefined]);
});

test("a part with other content is found out by the hash and replaced", async (t) => {
  const { url, ranges } = await origin(t, ranged);
  const asked = await request(t, url, { left: Buffer.alloc(50_000, 7) });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, ["bytes=50000-", undefined]);
  assert.match(asked.lines.join(), /does not have the expected SHA-256/);
});

test("a complete part needs no request", async (t) => {
  const { url, ranges } = await origin(t, answers(500));
  const asked = await request(t, url, { left: CONTENT });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, []);
});

test("a part longer than the file is dropped", async (t) => {
  const { url, ranges } = await origin(t, ranged);
  const longer = Buffer.concat([CONTENT, Buffer.from("more")]);
  const asked = await request(t, url, { left: longer });
  await asked.run();
  assertComplete(asked);
  assert.deepEqual(ranges, [undefined]);
});

test("a file with another hash is rejected after a second try and not left behind", async (t) => {
  const changed = Buffer.from(CONTENT);
  changed[1000] ^= 1;
  const { url, ranges } = await origin(t, (_, response) => {
    response.writeHead(200).end(changed);
  });
  const asked = await request(t, url);
  await assert.rejects(asked.run(), (error) => {
    assert(error instanceof SetupError);
    assert.match(error.message, /does not have the expected SHA-256/);
    return true;
  });
  assert.equal(ranges.length, 2);
  assertNothingLeft(asked);
});

test("a file that is too long is rejected and not left behind", async (t) => {
  const { url } = await origin(t, (_, response) => {
    response.writeHead(200).end(Buffer.concat([CONTENT, CONTENT]));
  });
  const asked = await request(t, url);
  await assert.rejects(asked.run(), SetupError);
  assertNothingLeft(asked);
});

test("a web page in place of the file is refused at once, and says so", async (t) => {
  const page = answers(
    200,
    { "content-type": "text/html" },
    "<h1>Sign in</h1>",
  );
  const { url, ranges } = await origin(t, page);
  const asked = await request(t, url);
  await assert.rejects(asked.run(), /a web page instead of the file/);
  assert.equal(ranges.length, 1);
  assertNothingLeft(asked);
});

test("a missing file is refused at once", async (t) => {
  const { url, ranges } = await origin(t, answers(404));
  const asked = await request(t, url);
  await assert.rejects(asked.run(), /answered 404/);
  assert.equal(ranges.length, 1);
});

test("a busy server is asked again", async (t) => {
  const { url, ranges } = await origin(t, answers(503), answers(429), whole);
  const asked = await request(t, url);
  await asked.run();
  assertComplete(asked);
  assert.equal(ranges.length, 3);
});

test("a connection that falls silent counts as interrupted", async (t) => {
  /** @type {Handler} */
  const stalls = (_, response) => {
    response.writeHead(200, { "content-length": CONTENT.length });
    response.write(CONTENT.subarray(0, 60_000));
  };
  const { url } = await origin(t, stalls, ranged);
  const asked = await request(t, url, { patience: 200 });
  await asked.run();
  assertComplete(asked);
  assert.match(asked.lines.join(), /nothing arrives any more/);
});

test("a download that keeps breaking off gives up and keeps its part for the next run", async (t) => {
  const { url, ranges } = await origin(t, breaksOffAfter(90_000));
  const asked = await request(t, url, { attempts: 3 });
  await assert.rejects(asked.run(), /keeps breaking off/);
  assert.equal(ranges.length, 3);
  assert.equal(existsSync(asked.destination), false);
  assert(readFileSync(asked.part).length > 0);
});

test("without a connection the message names the host and the ways out", async (t) => {
  const { url } = await origin(t, whole);
  // A port that was free a moment ago, with nobody listening.
  const closed = createServer();
  await new Promise((resolve) =>
    closed.listen(0, "127.0.0.1", () => resolve(0)),
  );
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    closed.address()
  );
  await new Promise((resolve) => closed.close(resolve));
  const nowhere = new URL(url);
  nowhere.port = String(port);
  const asked = await request(t, nowhere.href);
  await assert.rejects(asked.run(), (error) => {
    assert(error instanceof SetupError);
    assert.match(error.message, /127\.0\.0\.1:\d+ cannot be reached/);
    assert.match(error.message, /offline/);
    assert(error.mend?.includes(asked.destination));
    assert.match(error.mend ?? "", /RESNET18_WEIGHTS/);
    return true;
  });
  assert.equal(asked.lines.length, 1, "tried twice");
  assertNothingLeft(asked);
});

test("progress is a line per tenth", () => {
  /** @type {string[]} */
  const lines = [];
  const report = tenths("model.pth", 47e6, (line) => lines.push(line));
  for (let bytes = 0; bytes <= 47e6; bytes += 1e5) report(bytes);
  assert.equal(lines.length, 11);
  assert.equal(lines[0], "  model.pth: 0 % of 47.0 MB");
  assert.equal(lines[10], "  model.pth: 100 % of 47.0 MB");
});
