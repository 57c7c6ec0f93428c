import { serve } from "./serve.js";

serve(async (options) => {
  const { startWasm } = await import("./tensorflow-wasm-backend.js");
  const { openTensorflow } = await import("./tensorflow.js");
  return openTensorflow(await startWasm(options));
});
