import { releaseProxy, transfer, type Remote } from "comlink";
import { HeadstartError, toPlain } from "../errors.js";
import type {
  CreateRequest,
  ProgressSink,
  Reply,
  WorkerApi,
} from "../protocol.js";
import type { Progress } from "../types.js";
import type { Decoder } from "./decode.js";
import { Session, type WasmSession } from "./session.js";
import type { Traps } from "./traps.js";
import type { LoadOptions } from "./weights.js";

export interface Environment {
  start(request: CreateRequest, options: LoadOptions): Promise<WasmSession>;
  decoder: Decoder;
  traps: Traps;
}

/** What the worker answers to the page's thread. */
export function createApi({ start, decoder, traps }: Environment): WorkerApi {
  const calls = new Map<number, AbortController>();
  let session: Session | undefined;
  let dead: HeadstartError | undefined;

  /** Runs a call that can be cancelled, and puts its end, good or bad, into a reply. */
  async function answer<T>(
    call: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<Reply<T>> {
    const controller = new AbortController();
    calls.set(call, controller);
    try {
      if (dead) throw dead;
      const value = await work(controller.signal);
      return { ok: true, value, classes: session?.classes ?? [] };
    } catch (thrown) {
      dead ??= traps.fatal(thrown);
      const error = toPlain(dead ?? thrown);
      return {
        ok: false,
        error,
        fatal: dead !== undefined,
        classes: session?.classes ?? [],
      };
    } finally {
      calls.delete(call);
    }
  }

  function started(): Session {
    if (!session)
      throw new HeadstartError(
        "INTERNAL",
        "The worker was called before it started.",
      );
    return session;
  }

  return {
    create: (call, request, onProgress) =>
      answer(call, async (signal) => {
        const progress = relay(onProgress);
        try {
          const wasm = await start(request, {
            signal,
            onProgress: progress.tell,
          });
          session = new Session(wasm, decoder, traps);
          return { backend: wasm.backend(), batchSize: wasm.batchSize() };
        } finally {
          await progress.end();
        }
      }),
    add: (call, request) =>
      answer(call, (signal) => started().add(request, signal)),
    embed: async (call, images) => {
      const reply = await answer(call, (signal) =>
        started().embed(images, signal),
      );
      return reply.ok
        ? transfer(
            reply,
            reply.value.map(({ buffer }) => buffer),
          )
        : reply;
    },
    requireHead: (call) =>
      answer(call, (signal) => started().requireHead(signal)),
    predict: async (call, images, request) => {
      const reply = await answer(call, (signal) =>
        started().predict(images, request, signal),
      );
      return reply.ok
        ? transfer(
            reply,
            reply.value.flatMap(({ heatmap }) =>
              heatmap ? [heatmap.grid.buffer, heatmap.values.buffer] : [],
            ),
          )
        : reply;
    },
    startTraining: (call, options) =>
      answer(call, (signal) => started().startTraining(options, signal)),
    trainEpoch: (call, run) =>
      answer(call, (signal) => started().trainEpoch(run, signal)),
    cancelTraining: (call, run) =>
      answer(call, () => started().cancelTraining(run)),
    evaluate: (call) => answer(call, (signal) => started().evaluate(signal)),
    cancel: (call) => calls.get(call)?.abort(),
  };
}

/** Passes progress on; `end` waits until all of it has arrived, so that none comes after the answer. */
function relay(sink: ProgressSink | undefined) {
  let last: void | Promise<void>;
  return {
    tell: (progress: Progress) => {
      last = sink?.(progress);
    },
    end: async () => {
      await last;
      (sink as Partial<Remote<ProgressSink>> | undefined)?.[releaseProxy]?.();
    },
  };
}
