import assert from "node:assert/strict";
import test from "node:test";
import { smallestCosine } from "../../benches/peers/agreement.mjs";
import { enginesOf } from "../../benches/peers/engines.mjs";
import {
  blocks,
  convolutions,
  padding,
} from "../../benches/peers/model/network.mjs";
import { onnxModel } from "../../benches/peers/model/onnx.mjs";
import {
  PICTURE_SIDE,
  normalized,
  picture,
} from "../../benches/peers/model/pictures.mjs";
import { bytes, integer, text } from "../../benches/peers/model/protobuf.mjs";
import { readWeights } from "../../benches/peers/model/weights.mjs";
import { readOptions } from "../../benches/peers/options.mjs";
import { ratio, table } from "../../benches/peers/report/table.mjs";
import {
  cosine,
  equalShares,
  median,
  spread,
} from "../../benches/peers/statistics.mjs";

/** A weights file whose every weight is `value(i)` times its channel's scale of a half. */
function weightsFile(/** @type {(i: number) => number} */ value) {
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: number[] }>} */
  const header = {};
  /** @type {Uint8Array[]} */
  const parts = [];
  let end = 0;
  const put = (
    /** @type {string} */ name,
    /** @type {number[]} */ shape,
    /** @type {Int8Array | Float32Array} */ values,
  ) => {
    const part = new Uint8Array(values.buffer);
    header[name] = {
      dtype: values instanceof Int8Array ? "I8" : "F32",
      shape,
      data_offsets: [end, end + part.length],
    };
    end += part.length;
    parts.push(part);
  };
  for (const { name, from, to, kernel } of convolutions()) {
    const length = to * from * kernel * kernel;
    put(
      `${name}.weight`,
      [to, from, kernel, kernel],
      Int8Array.from({ length }, (_, i) => value(i)),
    );
    put(`${name}.scale`, [to], new Float32Array(to).fill(0.5));
    put(`${name}.bias`, [to], new Float32Array(to).fill(0.25));
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Uint8Array.from(Buffer.concat([length, json, ...parts])).buffer;
}

test("the network is ResNet18", () => {
  let side = 224;
  let multiplications = 0;
  const count = (
    /** @type {import("../../benches/peers/model/network.mjs").Conv} */ conv,
    /** @type {number} */ side,
  ) => {
    const out =
      Math.floor((side + 2 * padding(conv) - conv.kernel) / conv.stride) + 1;
    multiplications += out ** 2 * conv.from * conv.to * conv.kernel ** 2;
    return out;
  };
  const [stem] = convolutions();
  assert.ok(stem);
  side = count(stem, side) / 2;
  for (const { conv1, conv2, downsample } of blocks()) {
    if (downsample) count(downsample, side);
    side = count(conv2, count(conv1, side));
  }
  assert.equal(side, 7);
  // torchvision's 1.814 G less the 0.5 M of the classifier, which an embedding does without.
  assert.equal(multiplications, 1_813_561_344);
});

test("protobuf fields are those of its documentation", () => {
  assert.deepEqual([...integer(1, 150)], [0x08, 0x96, 0x01]);
  assert.deepEqual(
    [...text(2, "testing")],
    [0x12, 0x07, ...new TextEncoder().encode("testing")],
  );
  const long = bytes(20, new Uint8Array(300));
  assert.deepEqual([...long.subarray(0, 4)], [0xa2, 0x01, 0xac, 0x02]);
  assert.equal(long.length, 304);
});

test("weights are read by channel, and the ONNX file holds them", () => {
  const weights = readWeights(weightsFile((i) => (i % 3) - 1));
  const stem = weights.get("conv1");
  assert.ok(stem);
  assert.deepEqual([...stem.weight.subarray(0, 3)], [-0.5, 0, 0.5]);
  assert.equal(stem.bias[63], 0.25);
  const model = Buffer.from(onnxModel(weights));
  for (const { name } of convolutions()) {
    const { weight } = weights.get(name) ?? {};
    assert.ok(weight);
    const content = Buffer.from(weight.buffer);
    // The last that bears the name is the tensor; its field 9 and a length in 7-bit groups come between.
    const field = model.lastIndexOf(`${name}.weight`) + `${name}.weight`.length;
    assert.equal(model[field], 9 * 8 + 2, name);
    let start = field + 1;
    while ((model[start] ?? 0) >= 128) start++;
    const raw = model.subarray(start + 1, start + 1 + content.length);
    assert.ok(raw.equals(content), name);
  }
  assert.ok(model.includes("embedding"));
});

test("a weights file that lacks a tensor is refused", () => {
  const file = new Uint8Array(weightsFile(() => 1));
  const at = Buffer.from(file.buffer).indexOf("layer4.1.conv2.bias");
  file[at] = "x".charCodeAt(0);
  assert.throws(() => readWeights(file.buffer), /no layer4.1.conv2.bias/);
});

test("a picture is the same for the same seed, and normalised from its middle", () => {
  assert.deepEqual(picture(1), picture(1));
  assert.notDeepEqual(picture(1), picture(2));
  const pixels = new Uint8ClampedArray(PICTURE_SIDE ** 2 * 4);
  // The first pixel of the central crop, in red.
  pixels[(16 * PICTURE_SIDE + 16) * 4] = 255;
  const input = normalized(pixels);
  assert.equal(input.length, 3 * 224 * 224);
  assert.ok(Math.abs((input[0] ?? NaN) - (1 - 0.485) / 0.229) < 1e-6);
  assert.ok(Math.abs((input[1] ?? NaN) + 0.485 / 0.229) < 1e-6);
});

test("embeddings that are turned, scaled, short or not finite do not agree", () => {
  const values = Array.from({ length: 512 }, (_, i) => i % 7);
  const reference = [values, [...values].reverse()];
  const [a = [], b = []] = reference;
  const agreed = smallestCosine([...a, ...b, ...a], reference, 3);
  assert.ok(Math.abs(agreed - 1) < 1e-12);
  assert.ok(smallestCosine([...b, ...a], reference, 2) < 0.99);
  assert.throws(() => smallestCosine(a, reference, 2), /512 values/);
  const doubled = a.map((x) => 2 * x);
  assert.throws(() => smallestCosine(doubled, reference, 1), /2.000 times/);
  const broken = a.map((x, i) => (i === 9 ? NaN : x));
  assert.throws(() => smallestCosine(broken, reference, 1), /NaN/);
});

test("statistics are those of their definitions", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(spread([1, 2, 3, 4, 5]), 2 / 3);
  assert.equal(cosine([3, 4], [4, 3]), 24 / 25);
  assert.equal(equalShares([5, 5, 0]), 2);
  assert.equal(equalShares([]), 0);
});

test("a ratio is that of the rounds, not of the medians", () => {
  const base = { times: [10, 40, 60] };
  assert.equal(ratio(base, { times: [5, 20, 30] }), 2);
  // The second round was slow for both.
  assert.equal(ratio({ times: [10, 100, 10] }, { times: [5, 50, 5] }), 2);
});

test("a table's columns are as wide as their longest cell", () => {
  assert.equal(
    table(["name", "ms"], [["a library", "7.5"]]),
    ["| name      |  ms |", "| --------- | --: |", "| a library | 7.5 |"].join(
      "\n",
    ),
  );
});

test("options are read, and mistakes in them are told", () => {
  const options = readOptions([
    ...["folder", "--backend", "all", "--batches", "1,8", "--no-cold"],
  ]);
  assert.ok(options);
  assert.equal(options.mode, "folder");
  assert.deepEqual(options.backends, ["cpu", "webgpu"]);
  assert.deepEqual(options.batches, [1, 8]);
  assert.equal(options.cold, false);
  assert.equal(readOptions(["--help"]), undefined);
  for (const wrong of [
    ["nothing"],
    ["--backend", "gpu"],
    ["--batches", "1,x"],
    ["--rounds", "0"],
    ["--libraries", "torch"],
    ["--unknown"],
  ]) {
    assert.throws(() => readOptions(wrong), { name: "SetupError" });
  }
});

test("engines have names of their own", () => {
  const options = readOptions(["--threads", "1,2"]);
  assert.ok(options);
  const ids = [
    ...enginesOf(options, "cpu"),
    ...enginesOf(options, "webgpu"),
  ].map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.includes("onnxruntime-cpu-2"));
  assert.ok(!ids.includes("onnxruntime-webgpu-2"));
});
