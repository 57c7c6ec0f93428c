import { finalizer, releaseProxy, transfer, type ProxyMethods } from "comlink";
import type { EmbeddingCache } from "../cache/embeddings.js";
import { cancelled, HeadstartError, toPlain } from "../errors.js";
import type {
  ClassifierApi,
  CreateRequest,
  LogSink,
  ProgressSink,
  Reply,
} from "../protocol.js";
import type { Progress } from "../types/index.js";
import type { Decoder } from "./decode.js";
import type { Finetuning } from "./finetune/finetuning.js";
import type { OpenFolder } from "./finetune/scratch-file.js";
import { Session } from "./session.js";
import type { Started } from "./start.js";
import type { Traps } from "./traps.js";
import type { LoadOptions } from "./weights.js";

/** What all classifiers of a worker share. */
export interface Environment {
  start: (request: CreateRequest, options: LoadOptions) => Promise<Started>;
  decoder: Decoder;
  cache: EmbeddingCache;
  traps: Traps;
  openFolder: OpenFolder;
  /** Those under way. */
  finetunings: Set<Finetuning>;
}

/** What the worker answers to one classifier. */
export function createApi({
  start,
  decoder,
  cache,
  traps,
  openFolder,
  finetunings,
}: Environment): ClassifierApi & { [finalizer](): void } {
  const calls = new Map<number, AbortController>();
  let session: Session | undefined;
  let sink: LogSink | undefined;
  let dead: HeadstartError | undefined;
  let released = false;

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
    create: (call, request, logSink, onProgress) =>
      answer(call, async (signal) => {
        sink = logSink;
        const log: LogSink = (level, message) => {
          if (!released) logSink(level, message);
        };
        const progress = relay(onProgress);
        try {
          const started = await start(request, {
            signal,
            onProgress: progress.tell,
            cache: request.cache,
            log,
          });
          if (released) {
            started.free();
            throw cancelled(signal);
          }
          session = new Session(started, {
            decoder,
            cache: request.cache ? cache : undefined,
            log,
            traps,
            openFolder,
            finetunings,
          });
          const { backend } = started;
          log("info", `${backend.kind}, ${backend.adapter}: ${backend.reason}`);
          const batchSize = started.session.batchSize() * started.threads;
          return { backend, batchSize };
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
    addViews: (call, run, images) =>
      answer(call, (signal) => started().addViews(run, images, signal)),
    cancelTraining: (call, run) =>
      answer(call, () => started().cancelTraining(run)),
    evaluate: (call) => answer(call, (signal) => started().evaluate(signal)),
    rename: (call, from, to) => answer(call, () => started().rename(from, to)),
    remove: (call, which) => answer(call, () => started().remove(which)),
    export: async (call, format) => {
      const reply = await answer(call, (signal) =>
        started().export(format, signal),
      );
      return reply.ok ? transfer(reply, [reply.value.buffer]) : reply;
    },
    stats: (call) => answer(call, () => started().stats()),
    cancel: (call) => calls.get(call)?.abort(),
    [finalizer]: () => {
      released = true;
      for (const controller of calls.values()) controller.abort();
      release(sink);
      // A module that has died must not be called again, not even to free it. Nobody is left to be told
      // of a failure: the next call of another classifier meets it too.
      const leave = dead ? session?.endFinetuning() : session?.free();
      leave?.catch(() => undefined);
    },
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
      release(sink);
    },
  };
}

/** A function of the page's is held there until it is let go. */
function release(sink: ProgressSink | LogSink | undefined): void {
  const letGo = (sink as Partial<ProxyMethods> | undefined)?.[releaseProxy];
  letGo?.();
}
