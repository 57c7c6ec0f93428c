/** Every entry point, and every call, as an application may use it. */
import {
  Classifier,
  HeadstartError,
  type ErrorCode,
  type Prediction,
  type Report,
  type Support,
} from "headstart";
import * as slim from "headstart/slim";
import { weights } from "headstart/weights";

export async function main(
  files: FileList,
  photo: HTMLImageElement,
  signal: AbortSignal,
): Promise<Report> {
  const support: Support = await Classifier.support();
  if (!support.supported) throw new Error(support.missing.join(" "));

  const classifier = await Classifier.create({
    weights,
    backend: "auto",
    views: "flip",
    features: "last",
    signal,
    onProgress: ({ stage, loaded, total }) => {
      const share: number | undefined = total && loaded / total;
      console.log(stage, share);
    },
  });
  const kind: "cpu" | "webgpu" = classifier.backend.kind;
  console.log(kind, classifier.backend.reason);

  const { added, rejected } = await classifier.add(files, {
    label: "ants",
    split: "train",
  });
  console.log(added, rejected[0]?.reason);
  await classifier.add([photo], { label: "bees", group: "one hive" });
  // The function takes what the call is given.
  const nest = (file: File) => file.name.split("-")[0];
  await classifier.add(files, { label: "ants", group: nest });
  await classifier.add([...files, photo], {
    label: "ants",
    group: (image, position) =>
      image instanceof File ? image.name : `page ${position}`,
  });
  await classifier.rename("bees", "wild bees");
  const removed: number = await classifier.remove({ ids: [0] });
  console.log(removed, classifier.classes[0]?.label);

  for await (const step of classifier.train({ seed: 0, signal })) {
    const loss: number = step.loss;
    console.log(step.epoch, loss);
  }
  // As many predictions as there are images, so that the first needs no check.
  const [prediction] = await classifier.predict([photo], {
    top: 5,
    heatmap: true,
    nearest: 3,
  });
  const label: string | null = prediction.label;
  const grid: Float32Array | undefined = prediction.heatmap?.grid;
  console.log(label ?? "none of these", grid?.[0]);
  const more: Prediction[] = await classifier.predict(files);
  const [embedding] = await classifier.embed([photo]);
  console.log(more.length, embedding.length);

  const project: Blob = await classifier.export("project");
  const again = await Classifier.load(project, { weights });
  const { memory } = await again.stats();
  console.log(memory.wasm, memory.gpu);
  const report = await again.evaluate();
  const suspected: string | null = report.groups.suspected;
  console.log(suspected, report.head.features, report.head.lastStage?.share);
  again.dispose();
  classifier.dispose();
  await Classifier.clearCache();
  return report;
}

export function ownPlaces(
  module: WebAssembly.Module,
  worker: Worker,
): Promise<slim.Classifier> {
  return slim.Classifier.create({
    weights: new Blob(),
    wasm: { cpu: module, webgpu: new URL("https://site.example/webgpu.wasm") },
    worker,
  });
}

export function ownWorker(start: () => Worker): Promise<slim.Classifier> {
  const wasm = { cpu: "/headstart.wasm" };
  return slim.Classifier.load(new ArrayBuffer(8), {
    weights: "/weights",
    wasm,
    worker: start,
    backend: "cpu",
  });
}

export function explain(error: unknown): string {
  if (!(error instanceof HeadstartError)) throw error;
  const code: ErrorCode = error.code;
  switch (code) {
    case "WEIGHTS_MISSING":
      return "Where are the weights?";
    default:
      return `${code}: ${error.message}`;
  }
}
