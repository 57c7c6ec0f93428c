import { transfer } from "comlink";
import type { Engine } from "./engines.js";
import type { Line } from "./further-worker.js";

/** The network in a further worker, which ends with it. */
export function remoteEngine({ host, unlessFailed, end }: Line): Engine {
  const run =
    (tail?: number): Engine["run"] =>
    (crops, maps) =>
      unlessFailed(host.runEngine(copied(crops), maps, tail));
  const trunk: Engine["trunk"] = (crops) =>
    unlessFailed(host.runTrunk(copied(crops)));
  const memory: Engine["memory"] = () => unlessFailed(host.engineMemory());
  const withTail: Engine["withTail"] = async (file) => {
    const tail = await unlessFailed(host.loadTail(file));
    const free = () => {
      // Where the worker is no more, the tail is not either.
      host.freeTail(tail).catch(() => undefined);
    };
    return { run: run(tail), trunk, memory, withTail, free };
  };
  return { run: run(), trunk, memory, withTail, free: end };
}

/** For a message that hands it over: what is shared out stays here. */
function copied(crops: Uint8Array): Uint8Array {
  const copy = crops.slice();
  return transfer(copy, [copy.buffer]);
}
