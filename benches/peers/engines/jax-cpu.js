import { serve } from "./serve.js";

serve(async ({ threads }) => {
  // jax-js starts a worker per core wherever memory can be shared, and has no option for it. It does so as it is
  // imported.
  if (threads === 1) delete globalThis.SharedArrayBuffer;
  else
    Object.defineProperty(navigator, "hardwareConcurrency", { value: threads });
  const { openJax, unfoldedConvolution } = await import("./jax.js");
  return openJax("wasm", unfoldedConvolution, { threads });
});
