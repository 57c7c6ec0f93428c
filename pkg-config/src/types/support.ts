/** What a browser can do, and what a classifier holds. */
import type { Backend } from "./create.js";

/** Something that a browser has or lacks. */
export interface Feature {
  /** Whether it is there. */
  available: boolean;
  /** One sentence for a person: what it is, or why it is missing and what helps. */
  reason: string;
}

/** What this browser can do. */
export interface Support {
  /** Whether a classifier can be created here. */
  supported: boolean;
  /** What keeps it from being created, a sentence each. */
  missing: string[];
  /** What the backend `"auto"` would take, and why; `null` where nothing runs. */
  backend: Pick<Backend, "kind" | "reason"> | null;
  /** Each feature that the package uses. */
  features: {
    /** A WebGPU adapter, whether hardware or software. */
    webgpu: Feature;
    /** WebAssembly with SIMD, which both backends need. */
    simd: Feature;
    /** Workers, in which all work is done. */
    workers: Feature;
    /** `OffscreenCanvas`, with which workers read pixels. */
    offscreenCanvas: Feature;
    /** IndexedDB, where embeddings are kept. */
    embeddingCache: Feature;
    /** The Cache API, where downloaded weights are kept. */
    weightsCache: Feature;
  };
}

/** What a classifier holds. */
export interface Stats {
  /** Images added and not removed. */
  images: number;
  /** How many of the images added so far took their embedding from the cache instead of computing it. */
  cached: number;
  /** What it takes. */
  memory: Memory;
  /** How many workers compute by now: further ones load the network while this one computes already. */
  threads: number;
  /** As `classifier.backend`. */
  backend: Backend;
}

/** Memory in bytes, of everything that shares the classifier's backbone. */
export interface Memory {
  /** The WebAssembly module's memory. It grows and never shrinks, until the worker ends. */
  wasm: number;
  /** Buffers on the graphics device; `null` on the CPU. */
  gpu: number | null;
}
