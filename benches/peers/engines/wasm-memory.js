/** Counts the WebAssembly memory of this worker, from when this is imported; so the libraries are imported later. */

const memories = new Set();

const Memory = WebAssembly.Memory;
WebAssembly.Memory = class extends Memory {
  constructor(descriptor) {
    super(descriptor);
    memories.add(this);
  }
};

for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const started = await original.apply(WebAssembly, args);
    const { exports } = started.instance ?? started;
    for (const value of Object.values(exports)) {
      if (value instanceof Memory) memories.add(value);
    }
    return started;
  };
}

/** Bytes of all memories. A memory never shrinks, so this is also the most there was. */
export function wasmBytes() {
  let bytes = 0;
  for (const { buffer } of memories) bytes += buffer.byteLength;
  return bytes;
}
