/** The worker of `headstart`, which finds the modules beside itself. */
import { serve } from "./serve.js";

serve({
  // Bundlers recognise exactly this form.
  cpu: new URL("./headstart.wasm", import.meta.url).href,
  webgpu: new URL("./headstart-webgpu.wasm", import.meta.url).href,
  finetuneCpu: new URL("./headstart-finetune.wasm", import.meta.url).href,
});
