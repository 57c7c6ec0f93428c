/** Stands in for the browser's own file system. */
import type { Folder } from "../../src/worker/finetune/scratch-file.js";

/** Holds `capacity` bytes; a file that is open cannot be opened again, but deleted, as in some browsers. */
export class FakeFolder implements Folder {
  readonly files = new Map<string, number[]>();
  readonly locked = new Set<string>();
  readonly #capacity: number;

  constructor(capacity = Infinity) {
    this.#capacity = capacity;
  }

  async *keys() {
    yield* [...this.files.keys()];
  }

  async getFileHandle(name: string, options?: { create: boolean }) {
    if (!this.files.has(name)) {
      if (!options?.create) throw new DOMException("no file", "NotFoundError");
      this.files.set(name, []);
    }
    return { createSyncAccessHandle: async () => this.#open(name) };
  }

  async removeEntry(name: string) {
    this.files.delete(name);
  }

  #open(name: string) {
    if (this.locked.has(name))
      throw new DOMException("locked", "NoModificationAllowedError");
    this.locked.add(name);
    const bytes = this.files.get(name)!;
    return {
      read: (into: Uint8Array, { at }: { at: number }) => {
        const part = bytes.slice(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (part: Uint8Array, { at }: { at: number }) => {
        if (at + part.length > this.#capacity)
          throw new DOMException("The disk is full.", "QuotaExceededError");
        bytes.splice(at, part.length, ...part);
        return part.length;
      },
      close: () => void this.locked.delete(name),
    };
  }
}
