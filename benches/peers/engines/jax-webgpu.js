import { serve } from "./serve.js";
import { libraryConvolution, openJax } from "./jax.js";

serve(() => openJax("webgpu", libraryConvolution, {}));
