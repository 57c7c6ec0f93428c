import "./wasm-memory.js";
import "./jax-threads.js";
import { serve } from "./serve.js";
import { openJax, unfoldedConvolution } from "./jax.js";

serve(({ threads }) => openJax("wasm", unfoldedConvolution, { threads }));
