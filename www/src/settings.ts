/** What the page's address asks for: `?backend=cpu|webgpu|auto`, `?views=centre|flip|crops` and `?weights=url`. */

import type { BackendChoice, Views } from "headstart";

export interface Settings {
  backend: BackendChoice;
  views: Views;
  weights: URL;
}

const DEFAULT_WEIGHTS = "./weights/resnet18-int8.safetensors";

export function readSettings(address: URL): Settings {
  const backend = address.searchParams.get("backend");
  const views = address.searchParams.get("views");
  const weights = address.searchParams.get("weights");
  return {
    backend: backend === "cpu" || backend === "webgpu" ? backend : "auto",
    views: views === "flip" || views === "crops" ? views : "centre",
    weights: new URL(weights ?? DEFAULT_WEIGHTS, address),
  };
}
