import { existsSync } from "node:fs";

const system = "/usr/bin/chromium";

/** `undefined` leaves the choice to Playwright. */
export const executablePath =
  process.env.HEADSTART_CHROMIUM ?? (existsSync(system) ? system : undefined);

const quiet = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** WebGPU on the adapter that every Chromium brings: it computes right, and slowly. */
export const withWebGpu = [
  ...quiet,
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

export const withoutWebGpu = [
  ...quiet,
  "--disable-features=WebGPU,WebGPUService",
];
