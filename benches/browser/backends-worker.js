/** Embeds photos on the CPU, and fits and judges the default head on both backends. */

onmessage = async ({ data: photos }) => {
  try {
    const session = await open("cpu");
    for (const photo of photos) photo.embedding = await embed(session, photo);
    const results = [];
    for (const backend of ["cpu", "webgpu"]) {
      results.push(await judge(await open(backend), photos));
    }
    postMessage({ result: results });
  } catch (error) {
    postMessage({ error: String(error) });
  }
};

async function open(backend) {
  const module = await import(`/${backend}/headstart.js`);
  await module.default({ module_or_path: `/${backend}/headstart_bg.wasm` });
  const response = await fetch("/weights/resnet18-int8.safetensors");
  const weights = new Uint8Array(await response.arrayBuffer());
  return (await module.Backbone.load(weights)).session("centre");
}

async function embed(session, { name, bytes }) {
  const response = await fetch(`data:image/jpeg;base64,${bytes}`);
  const bitmap = await createImageBitmap(await response.blob(), {
    colorSpaceConversion: "none",
  });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { width, height } = canvas;
  session.stage(name, context.getImageData(0, 0, width, height));
  return session.embedStaged();
}

async function judge(session, photos) {
  for (const { name, label, side, embedding } of photos) {
    const split = side === "val" ? "test" : "train";
    session.addSample(name, name, label, split, embedding);
  }
  const start = performance.now();
  session.startTraining({});
  while (await session.trainEpoch());
  const seconds = (performance.now() - start) / 1000;
  const report = await session.evaluate();
  const { predictions } = report;
  return {
    seconds,
    l2: report.head.l2,
    temperature: report.calibration.temperature,
    tested: report.tested,
    right: predictions.filter((p) => p.label === p.predicted).length,
    predicted: predictions.map((p) => p.predicted),
    probabilities: predictions.map((p) => p.probability),
  };
}
