import { HeadstartError, type ErrorCode } from "../errors.js";

/** The bytes of a file; `code` is that of the error when they are not to be had. */
export async function readBytes(
  name: string,
  source: Blob | ArrayBuffer,
  code: ErrorCode,
): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  try {
    return new Uint8Array(await source.arrayBuffer());
  } catch (cause) {
    throw new HeadstartError(
      code,
      `${name} could not be read: it was moved or changed since it was chosen, so choose it again.`,
      { cause },
    );
  }
}
