import { serve } from "./serve.js";
import { openHeadstart } from "./headstart.js";

serve(({ base }) => openHeadstart("webgpu", base));
