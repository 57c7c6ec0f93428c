import "./wasm-memory.js";
import { serve } from "./serve.js";
import { openTensorflow } from "./tensorflow.js";
import { startWasm } from "./tensorflow-backend-wasm.js";

serve(async (options) => openTensorflow(await startWasm(options)));
