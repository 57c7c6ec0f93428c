/** Adds drawn records with the CPU's module, each of which is compared with those before. */
import { drawnRecords, openSession } from "./drawn-records.js";

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
  let milliseconds = 0;
  for (let image = 0; image < images; image++) {
    const record = records(image % 2);
    const name = `image ${image}`;
    const label = `class ${image % 2}`;
    const described = { name, hash: name, label, split: "auto" };
    const start = performance.now();
    session.addSample({ ...described, group: null, taken: null }, record);
    milliseconds += performance.now() - start;
  }
  const memory = backbone.memory().wasm;
  session.free();
  return { milliseconds, memory };
}
