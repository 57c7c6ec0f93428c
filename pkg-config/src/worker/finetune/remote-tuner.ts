import { transfer } from "comlink";
import type { WantedViews } from "../../protocol.js";
import type { Line } from "../further-worker.js";
import type { Tuner } from "./tuner.js";

/** The tuner in a further worker, which ends with it: so its memory is given back. */
export function remoteTuner(
  { host, unlessFailed, end }: Line,
  first: WantedViews,
): Tuner {
  let wanted = first;
  return {
    get wanted() {
      return wanted;
    },
    step: async (views) => {
      const sent = transfer(views, [views.buffer]);
      const answer = await unlessFailed(host.stepTuner(sent));
      wanted = answer.wanted;
      return answer.step;
    },
    finish: () => unlessFailed(host.finishTuner()),
    memory: () => unlessFailed(host.tunerMemory()),
    end,
  };
}
