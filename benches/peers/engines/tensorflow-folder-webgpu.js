import { answer } from "./serve.js";

let folder;
answer({
  async open() {
    const { startWebgpu } = await import("./tensorflow-webgpu-backend.js");
    const { openFolder } = await import("./tensorflow-folder.js");
    folder = await openFolder(await startWebgpu());
    return folder.facts;
  },
  run: (photos) => folder.run(photos),
});
