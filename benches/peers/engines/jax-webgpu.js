import { serve } from "./serve.js";

serve(async () => {
  const { libraryConvolution, openJax } = await import("./jax.js");
  return openJax("webgpu", libraryConvolution, {});
});
