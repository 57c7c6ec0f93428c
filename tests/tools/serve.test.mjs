import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { listen, pageServer } from "../../tools/serve.mjs";
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
  return { root, page, weights, address, port: Number(new URL(address).port) };
}

/**
 * Sends a path as it is: `fetch` would tidy it up first.
 * @param {number} port
 * @param {string} path
 * @param {string} [header] one more line
 * @returns {Promise<string>}
 */
function raw(port, path, header = "") {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n`,
      ),
    );
    socket.on("data", (data) => (answer += data));
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("each kind of file has its type, and a browser asks again before it uses an old one", async (t) => {
  const { address, port, weights } = await served(t);
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
    // As a browser asks; fetch would add that it wants no stored answer.
    const again = await raw(port, `/${path}`, `If-None-Match: ${etag}\r\n`);
    assert.match(again, /^HTTP\/1\.1 304 /, path);
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

test("no Range header ends the server, and each that means something is answered", async (t) => {
  const { address, weights } = await served(t);
  writeFileSync(join(weights, "w.bin"), "0123456789");
  const url = `${address}weights/w.bin`;
  const odd = [
    ...["bytes=5-2", "bytes=-", "bytes=", "bytes=a-b", "bytes=99-", "bytes=-0"],
    ...["bytes=1-2,4-5", "lines=1-2", "bytes=9999999999999999999999-", "="],
  ];
  for (const range of odd) {
    const response = await fetch(url, { headers: { range } });
    assert([200, 206, 416].includes(response.status), range);
    await response.arrayBuffer();
  }
  for (const [range, text] of [
    ["bytes=2-4", "234"],
    ["bytes=7-", "789"],
    ["bytes=-3", "789"],
    ["bytes=8-99", "89"],
  ]) {
    const response = await fetch(url, { headers: { range } });
    assert.equal(response.status, 206, range);
    assert.equal(await response.text(), text, range);
  }
});

test("the page's policy comes as a header with everything, so that workers have it too", async (t) => {
  const { address, page } = await served(t);
  const policy = "default-src 'self'; connect-src 'none'";
  const meta = `<meta\n  http-equiv="Content-Security-Policy"\n  content="${policy}"\n/>`;
  writeFileSync(join(page, "index.html"), `<!doctype html>${meta}`);
  for (const path of ["", "assets/worker.js"]) {
    const { headers } = await fetch(address + path);
    assert.equal(headers.get("content-security-policy"), policy, path);
  }
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
