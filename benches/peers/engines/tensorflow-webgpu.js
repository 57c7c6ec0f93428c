import { serve } from "./serve.js";

serve(async () => {
  const { startWebgpu } = await import("./tensorflow-webgpu-backend.js");
  const { openTensorflow } = await import("./tensorflow.js");
  return openTensorflow(await startWebgpu());
});
