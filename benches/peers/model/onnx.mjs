/**
 * Writes the network as an ONNX file, `input` `[N, 3, 224, 224]` → `embedding` `[N, 512]`. Field numbers and types
 * are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 */
import { EMBEDDING, SIDE, STEM, blocks, padding } from "./network.mjs";
import { bytes, integer, joined, message, text } from "./protobuf.mjs";

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;

/**
 * @param {Map<string, import("./weights.mjs").ConvWeights>} weights
 * @returns {Uint8Array}
 */
export function onnxModel(weights) {
  const graph = new Graph(weights);
  let x = graph.relu(graph.conv(STEM, "input"));
  x = graph.node("MaxPool", [x], {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
  });
  for (const { conv1, conv2, downsample } of blocks()) {
    const shortcut = downsample ? graph.conv(downsample, x) : x;
    const inner = graph.conv(conv2, graph.relu(graph.conv(conv1, x)));
    x = graph.relu(graph.node("Add", [inner, shortcut]));
  }
  const pooled = graph.node("GlobalAveragePool", [x]);
  graph.node("Flatten", [pooled], { axis: 1 }, "embedding");
  return joined([
    integer(1, IR_VERSION),
    text(2, "headstart-bench"),
    message(7, graph.fields()),
    message(8, [integer(2, OPSET)]),
  ]);
}

/** The nodes and tensors of a GraphProto as they come. */
class Graph {
  /** @type {Uint8Array[]} */
  #nodes = [];
  /** @type {Uint8Array[]} */
  #tensors = [];
  #weights;

  /** @param {Map<string, import("./weights.mjs").ConvWeights>} weights */
  constructor(weights) {
    this.#weights = weights;
  }

  /**
   * @param {string} operator
   * @param {string[]} inputs
   * @param {Record<string, number | number[]>} [attributes]
   * @param {string} [output]
   * @returns {string} the output's name
   */
  node(operator, inputs, attributes = {}, output = `x${this.#nodes.length}`) {
    this.#nodes.push(
      message(1, [
        ...inputs.map((input) => text(1, input)),
        text(2, output),
        text(3, output),
        text(4, operator),
        ...Object.entries(attributes).map(attribute),
      ]),
    );
    return output;
  }

  /** @param {string} input */
  relu = (input) => this.node("Relu", [input]);

  /**
   * @param {import("./network.mjs").Conv} conv
   * @param {string} input
   */
  conv(conv, input) {
    const { name, from, to, kernel, stride } = conv;
    const values = this.#weights.get(name);
    if (!values) throw new Error(`There are no weights of ${name}`);
    const shape = [to, from, kernel, kernel];
    this.#tensors.push(tensor(`${name}.weight`, shape, values.weight));
    this.#tensors.push(tensor(`${name}.bias`, [to], values.bias));
    return this.node("Conv", [input, `${name}.weight`, `${name}.bias`], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: Array(4).fill(padding(conv)),
    });
  }

  fields() {
    return [
      ...this.#nodes,
      text(2, "resnet18"),
      ...this.#tensors,
      value(11, "input", ["N", 3, SIDE, SIDE]),
      value(12, "embedding", ["N", EMBEDDING]),
    ];
  }
}

/**
 * An AttributeProto.
 * @param {[string, number | number[]]} entry
 */
function attribute([name, content]) {
  const fields = Array.isArray(content)
    ? [...content.map((each) => integer(8, each)), integer(20, ATTRIBUTE_INTS)]
    : [integer(3, content), integer(20, ATTRIBUTE_INT)];
  return message(5, [text(1, name), ...fields]);
}

/**
 * A TensorProto; its raw data is little-endian, as typed arrays are wherever Node and browsers run.
 * @param {string} name
 * @param {number[]} shape
 * @param {Float32Array} values
 */
function tensor(name, shape, values) {
  const raw = new Uint8Array(
    values.buffer,
    values.byteOffset,
    values.byteLength,
  );
  return message(5, [
    ...shape.map((length) => integer(1, length)),
    integer(2, FLOAT),
    text(8, name),
    bytes(9, raw),
  ]);
}

/**
 * A ValueInfoProto of f32s; a length that is a string is free.
 * @param {number} field
 * @param {string} name
 * @param {(number | string)[]} shape
 */
function value(field, name, shape) {
  const lengths = shape.map((length) =>
    message(1, [
      typeof length === "string" ? text(2, length) : integer(1, length),
    ]),
  );
  const type = message(1, [integer(1, FLOAT), message(2, lengths)]);
  return message(field, [text(1, name), message(2, [type])]);
}
