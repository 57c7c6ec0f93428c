import { expose } from "comlink";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { CreateRequest } from "../src/protocol.js";
import { Classifier } from "../src/slim.js";
import { file } from "./fake/images.js";
import { fakeWorker, started } from "./fake/worker.js";

const weights = new ArrayBuffer(1);
const module = new WebAssembly.Module(
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
);
const made: Classifier[] = [];

function setUp() {
  const requests: CreateRequest[] = [];
  const { Worker, workers } = fakeWorker({
    start: async (request) => {
      requests.push(request);
      return started();
    },
  });
  // What tells a worker from anything else.
  Object.defineProperty(Worker.prototype, Symbol.toStringTag, {
    value: "Worker",
  });
  vi.stubGlobal("Worker", Worker);
  return { requests, workers, start: () => new globalThis.Worker("") };
}

async function create(options: Parameters<typeof Classifier.create>[0]) {
  const classifier = await Classifier.create(options);
  made.push(classifier);
  return classifier;
}

afterEach(() => {
  for (const classifier of made.splice(0)) classifier.dispose();
  vi.unstubAllGlobals();
});

describe("a classifier whose files the caller has placed", () => {
  it("tells the worker where the modules are, or hands them over", async () => {
    const { requests } = setUp();
    const cpu = new URL("https://example.org/headstart.wasm");
    const finetuneCpu = "https://example.org/finetune.wasm";
    await create({
      weights,
      wasm: { cpu, webgpu: module, finetuneCpu },
    });
    expect(requests[0]!.wasm).toEqual({
      cpu: cpu.href,
      webgpu: expect.any(WebAssembly.Module) as unknown,
      finetuneCpu,
    });
  });

  it("starts a worker of its own unless given one", async () => {
    const { workers } = setUp();
    await create({ weights, wasm: { cpu: module } });
    await create({ weights, wasm: { cpu: module } });
    expect(workers).toHaveLength(1);
  });

  it("shares the worker that one function starts, and ends it", async () => {
    const { workers, start } = setUp();
    const wasm = { cpu: module };
    const first = await create({ weights, wasm, worker: start });
    const second = await create({ weights, wasm, worker: start });
    expect(workers).toHaveLength(1);
    first.dispose();
    expect(workers[0]!.terminated).toBe(false);
    second.dispose();
    await vi.waitFor(() => expect(workers[0]!.terminated).toBe(true), 3000);
  });

  it("leaves a worker that it was given to the caller, who may use it again", async () => {
    const { workers, start } = setUp();
    const worker = start();
    const wasm = { cpu: module };
    (await create({ weights, wasm, worker })).dispose();
    expect(workers[0]!.terminated).toBe(false);
    const again = await create({ weights, wasm, worker });
    expect(await again.embed([file("a")])).toHaveLength(1);
    expect(workers).toHaveLength(1);
  });

  it("says why when the caller's function starts none", async () => {
    setUp();
    const worker = () => {
      throw new DOMException("other origin", "SecurityError");
    };
    await expect(
      Classifier.create({ weights, wasm: { cpu: module }, worker }),
    ).rejects.toMatchObject({ code: "UNSUPPORTED_ENVIRONMENT" });
  });

  it("says so when the caller's worker is another one, and ends it", async () => {
    const { port1, port2 } = new MessageChannel();
    expose({ somethingElse: () => undefined }, port2);
    const terminate = vi.fn(() => port1.close());
    const worker = () => Object.assign(port1, { terminate }) as never;
    vi.stubGlobal("Worker", vi.fn());
    await expect(
      Classifier.create({ weights, wasm: { cpu: module }, worker }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("headstart/slim-worker") as unknown,
    });
    expect(terminate).toHaveBeenCalledOnce();
  });
});
