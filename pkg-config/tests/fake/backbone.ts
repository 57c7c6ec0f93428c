/** Stands in for the modules, their backbones and what they are loaded from. */
import { vi } from "vitest";
import type { CreateRequest, EngineRequest } from "../../src/protocol.js";
import type { Backend } from "../../src/types/index.js";
import type { Loading } from "../../src/worker/backbones.js";
import type { FurtherWorker } from "../../src/worker/further-worker.js";
import type { Tuner } from "../../src/worker/finetune/tuner.js";
import type { WasmBackbone, WasmModule } from "../../src/worker/module.js";
import { Traps } from "../../src/worker/traps.js";
import type { LoadOptions } from "../../src/worker/weights.js";
import { FakeSession } from "./session.js";
import { FakeTuner } from "./tuner.js";

export class FakeBackbone implements WasmBackbone {
  readonly kind: Backend["kind"];
  freed = false;

  constructor(kind: Backend["kind"]) {
    this.kind = kind;
  }

  backend() {
    return { kind: this.kind, adapter: "fake" };
  }

  session() {
    return new FakeSession();
  }

  restore() {
    return new FakeSession();
  }

  /** Each crop's embedding is its first byte. */
  async run(crops: Uint8Array) {
    const firsts = crops.filter((_, index) => index % (224 * 224 * 3) === 0);
    return { embeddings: Float32Array.from(firsts), maps: new Float32Array() };
  }

  /** Each crop's view is its first byte. */
  async trunk(crops: Uint8Array) {
    return crops.filter((_, index) => index % (224 * 224 * 3) === 0);
  }

  /** Whose embeddings are those of this one plus the file's first byte. */
  withTail(file: Uint8Array) {
    const tuned = new FakeBackbone(this.kind);
    tuned.run = async (crops) => {
      const { embeddings, maps } = await this.run(crops);
      return { embeddings: embeddings.map((e) => e + file[0]!), maps };
    };
    return tuned;
  }

  memory() {
    return { wasm: 65_536, gpu: null };
  }

  free() {
    if (this.freed) throw new Error("null pointer passed to rust");
    this.freed = true;
  }
}

export class FakeFurtherWorker implements FurtherWorker {
  ended = false;

  async load({ kind }: EngineRequest) {
    const engine = new FakeBackbone(kind);
    engine.free = () => this.end();
    return engine;
  }

  async tune(): Promise<Tuner> {
    const tuner = new FakeTuner();
    tuner.end = () => this.end();
    return tuner;
  }

  end() {
    this.ended = true;
  }
}

/** The smallest module there is. */
export const CODE = new WebAssembly.Module(
  Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0),
);

/** Loads backbones whose weights are told apart by their text. */
export function fakeLoading(changes: Partial<Loading> = {}) {
  const backbones: FakeBackbone[] = [];
  const workers: FakeFurtherWorker[] = [];
  const moduleOf = (kind: Backend["kind"]): WasmModule => ({
    code: CODE,
    weightsHash: (weights) => new TextDecoder().decode(weights),
    Backbone: {
      load: async () => {
        const backbone = new FakeBackbone(kind);
        backbones.push(backbone);
        return backbone;
      },
    },
  });
  const loading = {
    loadModule: vi.fn<Loading["loadModule"]>(async (kind) => moduleOf(kind)),
    loadWeights: vi.fn<Loading["loadWeights"]>(async (source) => ({
      bytes: new TextEncoder().encode(
        typeof source === "string" ? source : source.constructor.name,
      ),
      keep: () => Promise.resolve(),
    })),
    startWorker: vi.fn<Loading["startWorker"]>(async () => {
      const worker = new FakeFurtherWorker();
      workers.push(worker);
      return worker;
    }),
    traps: new Traps(),
    ...changes,
  };
  return { loading, backbones, workers, moduleOf };
}

export const request = (
  changes: Partial<CreateRequest> = {},
): CreateRequest => ({
  weights: "https://example.org/w",
  backend: "auto",
  cache: false,
  threads: 1,
  wasm: {},
  content: { views: "flip", features: "all" },
  ...changes,
});

export function loadOptions(changes: Partial<LoadOptions> = {}): LoadOptions {
  return {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    cache: false,
    log: () => undefined,
    ...changes,
  };
}
