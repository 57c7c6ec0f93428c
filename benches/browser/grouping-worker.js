/** Adds drawn records with the CPU's module, each of which is compared with those before. */
import { addDrawn, drawnRecords, openSession } from "./drawn-records.js";

onmessage = async ({ data }) => {
  try {
    postMessage({ result: await measure(data) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

async function measure({ images, pictures }) {
  const { backbone, session } = await openSession();
  const records = await drawnRecords(backbone, session, 2, pictures);
  const milliseconds = addDrawn(session, records, images, 2);
  const memory = backbone.memory().wasm;
  session.free();
  return { milliseconds, memory };
}
