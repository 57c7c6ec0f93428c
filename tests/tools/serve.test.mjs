import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { pageServer } from "../../tools/serve.mjs";
import { listen } from "../../tools/support/listen.mjs";
import { scratch } from "./scratch.mjs";

/** @param {import("node:test").TestContext} t */
async function served(t) {
  const root = await scratch(t);
  const page = join(root, "dist");
  const weights = join(root, "weights");
  for (const folder of [
    page,
    join(page, "assets"),
    weights,
    `${page}-private`,
  ]) {
    mkdirSync(folder);
  }
  writeFileSync(join(page, "index.html"), "<!doctype html>");
  writeFileSync(join(page, "assets/headstart_bg.wasm"), "\0asm");
  writeFileSync(join(page, "assets/worker.js"), "export {}");
  writeFileSync(join(root, "secret.txt"), "secret");
  writeFileSync(join(`${page}-private`, "secret.txt"), "secret");
  const server = pageServer({ page, weights });
  const address = await listen(server, { PORT: "0" });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { root, weights, address, port: Number(new URL(address).port) };
}

/**
 * Sends a path as it is: `fetch` would tidy it up first.
 * @param {number} port
 * @param {string} path
 * @returns {Promise<string>}
 */
function raw(port, path) {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      ),
    );
    socket.on("data", (data) => (answer += data));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("each kind of file has its type, and a browser asks again before it uses an old one", async (t) => {
  const { address, weights } = await served(t);
  writeFileSync(join(weights, "resnet18-int8.safetensors"), "12345");
  const types = {
    "": /^text\/html/,
    "assets/worker.js": /^text\/javascript/,
    "assets/headstart_bg.wasm": /^application\/wasm$/,
    "weights/resnet18-int8.safetensors": /^application\/octet-stream$/,
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await fetch(address + path);
    assert.equal(response.status, 200, path);
    assert.match(response.headers.get("content-type") ?? "", type, path);
    assert.equal(response.headers.get("cache-control"), "no-cache", path);
    const etag = response.headers.get("etag") ?? "";
    const again = await fetch(address + path, {
      headers: { "if-none-match": etag },
    });
    assert.equal(again.status, 304, path);
  }
});

test("weights come with their length, so that progress can be shown", async (t) => {
  const { address, weights } = await served(t);
  writeFileSync(join(weights, "w.safetensors"), "12345");
  const response = await fetch(`${address}weights/w.safetensors`);
  assert.equal(response.headers.get("content-length"), "5");
  assert.equal(await response.text(), "12345");
});

test("missing weights are a 404 and never the page, until they are there", async (t) => {
  const { address, weights } = await served(t);
  const url = `${address}weights/resnet18-int8.safetensors`;
  const missing = await fetch(url);
  assert.equal(missing.status, 404);
  assert.doesNotMatch(await missing.text(), /doctype/);
  writeFileSync(join(weights, "resnet18-int8.safetensors"), "12345");
  assert.equal((await fetch(url)).status, 200);
});

test("what does not exist is a 404", async (t) => {
  const { address } = await served(t);
  for (const path of ["nothing.js", "weights/", "weights/index.html", "%"]) {
    assert.equal((await fetch(address + path)).status, 404, path);
  }
});

test("no path leads out of the served folders", async (t) => {
  const { port } = await served(t);
  const paths = [
    "/../secret.txt",
    "/weights/../secret.txt",
    "/weights/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/..%5csecret.txt",
    "/../dist-private/secret.txt",
    "/weights/%2e%2e/%2e%2e/secret.txt",
    "//../secret.txt",
  ];
  for (const path of paths) {
    const answer = await raw(port, path);
    assert.match(answer, /^HTTP\/1\.1 404 /, path);
    assert.doesNotMatch(answer, /secret/, path);
  }
  assert.match(await raw(port, "/index.html"), /^HTTP\/1\.1 200 /);
});

test("nothing but reading is allowed", async (t) => {
  const { address } = await served(t);
  assert.equal((await fetch(address, { method: "POST" })).status, 405);
  assert.equal((await fetch(address, { method: "HEAD" })).status, 200);
});

/** @param {import("node:test").TestContext} t */
function quiet(t) {
  const server = createServer();
  t.after(() => server.close());
  return server;
}

test("without PORT, a taken port leads to the next free one", async (t) => {
  const first = await listen(quiet(t), {});
  const second = await listen(quiet(t), {});
  const port = (/** @type {string} */ address) => Number(new URL(address).port);
  assert(port(first) >= 4173);
  assert(port(second) > port(first));
  assert.match(second, /^http:\/\/localhost:\d+\/$/);
});

test("a PORT that is taken is an error, because somebody waits at just that one", async (t) => {
  const address = await listen(quiet(t), { PORT: "0" });
  const { port } = new URL(address);
  await assert.rejects(listen(quiet(t), { PORT: port }), /is taken/);
});

test("a PORT that is no port is an error", async (t) => {
  for (const PORT of ["http", "70000", "-1", "1.5"]) {
    await assert.rejects(listen(quiet(t), { PORT }), /PORT is no port/);
  }
});
