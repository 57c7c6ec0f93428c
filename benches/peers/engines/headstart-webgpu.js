import { serve } from "./serve.js";
import { openHeadstart } from "./headstart.js";

serve((options) => openHeadstart("webgpu", options));
