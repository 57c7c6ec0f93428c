/** Import it before jax-js, which starts a worker per core wherever memory can be shared, and has no option for it. */

const threads = Number(new URLSearchParams(location.search).get("threads"));
if (threads === 1) delete globalThis.SharedArrayBuffer;
else
  Object.defineProperty(navigator, "hardwareConcurrency", { value: threads });
