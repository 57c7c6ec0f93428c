/** Adds drawn records with the CPU's module, and trains, evaluates and saves. */
import { addDrawn, drawnRecords, openSession } from "./drawn-records.js";

onmessage = async ({ data }) => {
  try {
    postMessage({ result: await measure(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

async function measure({ images, classes }) {
  const { backbone, session } = await openSession();
  const times = {};
  const memories = {};
  let last = performance.now();
  const lap = (name) => {
    const now = performance.now();
    times[name] = now - last;
    memories[name] = backbone.memory().wasm;
    last = now;
  };
  const records = await drawnRecords(backbone, session, classes);
  lap("drawing");
  const adding = addDrawn(session, records, images, classes);
  lap("adding");
  times.adding = adding;
  const phases = {};
  let longest = 0;
  let from = last;
  session.startTraining({});
  for (;;) {
    const step = await session.trainEpoch();
    const now = performance.now();
    longest = Math.max(longest, now - from);
    const phase = step?.phase ?? "finishing";
    phases[phase] = (phases[phase] ?? 0) + now - from;
    from = now;
    if (!step) break;
  }
  lap("training");
  const report = await session.evaluate();
  lap("evaluating");
  await session.exportProject();
  lap("saving");
  const { l2, converged } = report.head;
  const { accuracy } = report;
  session.free();
  return {
    ...{ images, classes, times, phases, longest },
    ...{ memories, l2, converged, accuracy },
  };
}
