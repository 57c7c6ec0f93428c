/** One folder through Headstart's own module, with the time of each step that the module lets one tell apart. */
import { adapterName } from "./headstart-adapter.js";
import { answer, bytesOf, WEIGHTS } from "./serve.js";

let module;
let weights;

/** What a step takes, in milliseconds. */
class Steps {
  times = {};

  async time(step, work) {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.times[step] = (this.times[step] ?? 0) + performance.now() - start;
    }
  }
}

answer({
  async open({ base }) {
    const steps = new Steps();
    await steps.time("compile the module", async () => {
      module = await import(/* not bundled */ `${base}headstart.js`);
      await module.default({ module_or_path: `${base}headstart_bg.wasm` });
    });
    await steps.time("fetch the weights", async () => {
      weights = new Uint8Array(await bytesOf(WEIGHTS));
    });
    return steps.times;
  },

  /** `photos` are `{ file, label, split }`. */
  async run(photos) {
    const steps = new Steps();
    const named = await adapterName();
    const backbone = await steps.time("load the weights", () =>
      module.Backbone.load(weights, named),
    );
    const session = backbone.session("centre");
    const canvas = new OffscreenCanvas(1, 1);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const size = session.batchSize();
    for (let first = 0; first < photos.length; first += size) {
      const batch = photos.slice(first, first + size);
      for (const { file } of batch) {
        const bitmap = await steps.time("decode", () =>
          createImageBitmap(file, { colorSpaceConversion: "none" }),
        );
        const pixels = await steps.time("read the pixels", () => {
          canvas.width = bitmap.width;
          canvas.height = bitmap.height;
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height);
        });
        bitmap.close();
        await steps.time("resize and crop", () =>
          session.stage(file.name, pixels),
        );
      }
      const crops = session.takeStaged();
      const { embeddings } = await steps.time("embed", () =>
        backbone.run(crops.bytes(), false),
      );
      const length = embeddings.length / batch.length;
      await steps.time("keep the embeddings", () => {
        for (const [i, { file, label, split }] of batch.entries()) {
          const embedding = embeddings.subarray(i * length, (i + 1) * length);
          session.addSample(file.name, file.name, label, split, embedding);
        }
      });
    }
    await steps.time("fit the head", async () => {
      session.startTraining({});
      while (await session.trainEpoch());
    });
    await steps.time("report", () => session.evaluate());
    session.free();
    const { adapter } = backbone.backend();
    const memory = await backbone.memory();
    backbone.free();
    return { adapter, memory, batch: size, times: steps.times };
  },
});
