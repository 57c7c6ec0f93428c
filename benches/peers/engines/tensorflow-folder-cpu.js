import { answer } from "./serve.js";

let folder;
answer({
  async open(options) {
    const { startWasm } = await import("./tensorflow-wasm-backend.js");
    const { openFolder } = await import("./tensorflow-folder.js");
    folder = await openFolder(await startWasm(options));
    return folder.facts;
  },
  run: (photos) => folder.run(photos),
});
