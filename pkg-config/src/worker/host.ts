import { expose, transfer } from "comlink";
import type { EngineRequest, TunerRequest, WorkerHost } from "../protocol.js";
import { createApi, type Environment } from "./api.js";
import type { Engine } from "./engines.js";
import type { Tuner } from "./finetune/tuner.js";

/** What a worker can become for another one. */
export interface Further {
  /** Loads the network. */
  loadEngine: (request: EngineRequest) => Promise<Engine>;
  startTuner: (request: TunerRequest) => Promise<Tuner>;
}

/** The worker itself: each port that it is given is one classifier's. */
export function createHost(
  environment: Environment,
  { loadEngine, startTuner }: Further,
  endFurther: () => Promise<void>,
): WorkerHost {
  /** Set before anything is asked of it. */
  let engine: Engine;
  let tuner: Tuner;
  /** By their numbers, each with the network as it is with it. */
  const tails = new Map<number, Engine>();
  let tailsLoaded = 0;
  return {
    open: (port) => expose(createApi(environment), port),
    forgetCache: () => environment.cache.forget(),
    endFurther: async () => {
      const finetunings = [...environment.finetunings];
      await Promise.all([
        endFurther(),
        ...finetunings.map((finetuning) => finetuning.end()),
      ]);
    },
    ready: () => undefined,
    loadEngine: async (request) => {
      engine = await loadEngine(request);
    },
    runEngine: async (crops, maps, tail) => {
      const tuned = tail === undefined ? engine : tails.get(tail);
      if (!tuned) throw new Error("the tail is no longer loaded");
      const features = await environment.traps.guard(tuned.run(crops, maps));
      const buffers = [features.embeddings.buffer, features.maps.buffer];
      return transfer(features, buffers);
    },
    runTrunk: async (crops) => {
      const views = await environment.traps.guard(engine.trunk(crops));
      return transfer(views, [views.buffer]);
    },
    loadTail: async (file) => {
      const tail = ++tailsLoaded;
      tails.set(tail, await engine.withTail(file));
      return tail;
    },
    freeTail: (tail) => {
      tails.get(tail)?.free();
      tails.delete(tail);
    },
    engineMemory: () => engine.memory(),
    startTuner: async (request) => {
      tuner = await startTuner(request);
      return tuner.wanted;
    },
    stepTuner: async (views) => {
      const step = await tuner.step(views);
      return { step, wanted: tuner.wanted };
    },
    finishTuner: async () => {
      const outcome = await tuner.finish();
      return transfer(outcome, [outcome.buffer]);
    },
    tunerMemory: () => tuner.memory(),
  };
}
