/** Both product kernels of the WebGPU module on one crop, that of graphics cards among them, against the CPU module. */
import type { Page } from "@playwright/test";
import type { WasmBackbone } from "../../pkg-config/src/worker/module.js";
import { photos } from "./support/inputs.js";
import { expect, test, urlOf } from "./support/test.js";
import { distance } from "./support/vectors.js";

/** What the bindings of a module offer, as wasm-bindgen makes them. */
interface Bindings {
  default: (options: { module_or_path: string }) => Promise<unknown>;
  Backbone: {
    load(weights: Uint8Array, adapter?: string): Promise<WasmBackbone>;
  };
}

interface Numbers {
  embedding: number[];
  maps: number[];
}

interface Result {
  cpu: Numbers;
  gpu: Numbers;
  /** Whether a shader was compiled that shares tiles among a workgroup. */
  shared: boolean;
  /** In ms, with the compilation of the shaders. */
  duration: number;
}

/** Takes one crop through both modules. The WebGPU module picks its product kernel by the adapter's name. */
function compare(page: Page, photo: string, adapter: string): Promise<Result> {
  return page.evaluate(
    async ({ url, adapter }) => {
      const shaders = window.recordShaders();
      const response = await fetch("/weights");
      const weights = new Uint8Array(await response.arrayBuffer());
      const open = async (backend: string, adapter?: string) => {
        const folder = `/modules/${backend}`;
        const { default: init, Backbone } = (await import(
          `${folder}/headstart.js`
        )) as Bindings;
        await init({ module_or_path: `${folder}/headstart_bg.wasm` });
        return Backbone.load(weights, adapter);
      };
      const run = async (backbone: WasmBackbone, crop: Uint8Array) => {
        const { embeddings, maps } = await backbone.run(crop, true);
        return { embedding: [...embeddings], maps: [...maps] };
      };

      const bitmap = await createImageBitmap(await window.file(url));
      const { width, height } = bitmap;
      const context = new OffscreenCanvas(width, height).getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      const cpu = await open("cpu");
      const session = cpu.session("centre", "all");
      session.stage("crop", context.getImageData(0, 0, width, height));
      const crop = session.takeStaged().bytes();

      const gpu = await open("webgpu", adapter);
      const start = performance.now();
      return {
        gpu: await run(gpu, crop),
        duration: performance.now() - start,
        cpu: await run(cpu, crop),
        shared: shaders.some((code) => code.includes("var<workgroup>")),
      };
    },
    { url: urlOf(photo), adapter },
  );
}

/** What the browser calls its adapter, which computes in software. */
const ownName = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const { vendor, architecture } = adapter!.info;
    return `${vendor} ${architecture}`;
  });

const KERNELS = [
  {
    kernel: "of graphics cards",
    shared: true,
    adapter: () => Promise.resolve("a graphics card"),
  },
  { kernel: "of software adapters", shared: false, adapter: ownName },
];

for (const { kernel, shared, adapter } of KERNELS) {
  test(`the product kernel ${kernel} gives the CPU's embedding and feature maps`, async ({
    packagePage,
  }) => {
    const [photo] = photos("train", "rings", 1);
    const name = await adapter(packagePage);
    const result = await compare(packagePage, photo!, name);
    expect(result.shared).toBe(shared);
    const embedding = distance(result.gpu.embedding, result.cpu.embedding);
    const maps = distance(result.gpu.maps, result.cpu.maps);
    console.log(
      `product kernel ${kernel}: relative L2 to the CPU's ${embedding.toExponential(2)} (embedding), ` +
        `${maps.toExponential(2)} (maps), in ${(result.duration / 1000).toFixed(1)} s`,
    );
    expect(result.cpu.embedding).toHaveLength(960);
    expect(result.cpu.maps).toHaveLength(
      64 * 56 ** 2 + 128 * 28 ** 2 + 256 * 14 ** 2 + 512 * 7 ** 2,
    );
    // The CPU rounds the inputs of its layers to 16 bits, which costs a third of this; a tile that is read wrong costs
    // many times as much.
    expect(embedding).toBeLessThanOrEqual(1e-3);
    expect(maps).toBeLessThanOrEqual(1e-3);
  });
}
