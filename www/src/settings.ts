/** What the page's address asks for: `?backend=cpu|webgpu|auto` and `?weights=url`. */

import type { BackendChoice } from "headstart";

export interface Settings {
  backend: BackendChoice;
  weights: URL;
}

const DEFAULT_WEIGHTS = "./weights/resnet18-int8.safetensors";

export function readSettings(address: URL): Settings {
  const backend = address.searchParams.get("backend");
  const weights = address.searchParams.get("weights");
  return {
    backend: backend === "cpu" || backend === "webgpu" ? backend : "auto",
    weights: new URL(weights ?? DEFAULT_WEIGHTS, address),
  };
}
