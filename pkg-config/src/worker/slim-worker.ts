/** The worker of `headstart/slim`, which is told where the modules are. */
import { serve } from "./serve.js";

serve({});
