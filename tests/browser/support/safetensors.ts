/** Takes a safetensors file apart and puts it together, to make wrong ones of a right one. */

export interface Entry {
  dtype: string;
  shape: number[];
  data: Buffer;
}

export interface Contents {
  metadata: Record<string, string>;
  tensors: Map<string, Entry>;
}

type Header = Record<
  string,
  { dtype: string; shape: number[]; data_offsets: [number, number] }
>;

interface Metadata {
  __metadata__: Record<string, string>;
}

/** An 8-byte length, a JSON header of that length, and the tensors' bytes. */
export function parse(file: Buffer): Contents {
  const length = Number(file.readBigUInt64LE(0));
  const json = file.toString("utf8", 8, 8 + length);
  const { __metadata__, ...header } = JSON.parse(json) as Header & Metadata;
  const bytes = file.subarray(8 + length);
  const tensors = new Map<string, Entry>();
  for (const [name, entry] of Object.entries(header)) {
    const { dtype, shape, data_offsets } = entry;
    tensors.set(name, { dtype, shape, data: bytes.subarray(...data_offsets) });
  }
  return { metadata: __metadata__, tensors };
}

export function write({ metadata, tensors }: Contents): Buffer {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, { dtype, shape, data }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, (end += data.length)] };
  }
  const json = JSON.stringify(header);
  const padded = Buffer.from(
    json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([
    length,
    padded,
    ...[...tensors.values()].map(({ data }) => data),
  ]);
}
