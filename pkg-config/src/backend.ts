import { HeadstartError } from "./errors.js";
import type { Backend, BackendChoice } from "./types/index.js";

/** What the browser says about its WebGPU adapter. */
export type Adapter =
  | { found: false; reason: "no WebGPU" | "no adapter" }
  | {
      found: true;
      vendor: string;
      architecture: string;
      device: string;
      description: string;
      fallback: boolean;
    };

/** Names under which adapters that compute on the CPU are known. */
const SOFTWARE =
  /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render driver|\bwarp\b/i;

/** WebGPU on a hardware adapter, the CPU otherwise, unless one of them is asked for. */
export function chooseBackend(
  choice: BackendChoice,
  adapter: Adapter,
): Pick<Backend, "kind" | "reason"> {
  if (choice === "cpu")
    return { kind: "cpu", reason: "The CPU was asked for." };
  if (!adapter.found) {
    const fact =
      adapter.reason === "no WebGPU"
        ? "This browser has no WebGPU"
        : "This browser has WebGPU but no graphics adapter for it";
    if (choice === "auto")
      return { kind: "cpu", reason: `${fact}, so the CPU is used.` };
    throw new HeadstartError(
      "WEBGPU_UNAVAILABLE",
      `${fact}: use the backend "cpu" or "auto", or a browser and a machine with WebGPU.`,
    );
  }
  const software = isSoftware(adapter);
  if (choice === "webgpu") {
    const warning = software
      ? ", although its adapter is software and slower than the CPU"
      : "";
    return { kind: "webgpu", reason: `WebGPU was asked for${warning}.` };
  }
  if (software) {
    const reason = `WebGPU would run in software here (${nameOf(adapter)}), so the CPU is used, which is faster.`;
    return { kind: "cpu", reason };
  }
  return {
    kind: "webgpu",
    reason: "This browser has WebGPU on a graphics adapter.",
  };
}

/** Asks the browser. Where the adapter cannot be asked for, there is none. */
export async function queryAdapter(): Promise<Adapter> {
  // Older browsers have no `navigator.gpu`, and servers no `navigator`, whatever the types say.
  const gpu = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  if (!gpu) return { found: false, reason: "no WebGPU" };
  const adapter = await gpu
    .requestAdapter({ powerPreference: "high-performance" })
    .catch(() => null);
  if (!adapter) return { found: false, reason: "no adapter" };
  const info = (adapter as Partial<GPUAdapter>).info;
  const older = adapter as { isFallbackAdapter?: boolean };
  return {
    found: true,
    vendor: info?.vendor ?? "",
    architecture: info?.architecture ?? "",
    device: info?.device ?? "",
    description: info?.description ?? "",
    fallback: info?.isFallbackAdapter ?? older.isFallbackAdapter ?? false,
  };
}

function isSoftware(adapter: Extract<Adapter, { found: true }>): boolean {
  const { architecture, device, description, fallback } = adapter;
  return (
    fallback || SOFTWARE.test([architecture, device, description].join("\n"))
  );
}

/** What to call it. */
export function nameOf(adapter: Extract<Adapter, { found: true }>): string {
  const { vendor, architecture, description } = adapter;
  return (
    description ||
    [vendor, architecture].filter(Boolean).join(" ") ||
    (adapter.fallback ? "a fallback adapter" : "an unnamed adapter")
  );
}
