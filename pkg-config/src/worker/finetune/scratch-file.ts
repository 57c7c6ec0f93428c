/** One file in the browser's own file system, which is there for as long as it is in use. */

/** Of the browser's file system, what is used here. TypeScript knows it for workers only. */
export interface Folder {
  keys(): AsyncIterable<string>;
  getFileHandle(
    name: string,
    options?: { create: boolean },
  ): Promise<{ createSyncAccessHandle(): Promise<AccessHandle> }>;
  removeEntry(name: string): Promise<void>;
}

/** A file that is open, and locked for as long as it is. */
export interface AccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  close(): void;
}

/** Rejects where there is none, for example in some private windows. */
export type OpenFolder = () => Promise<Folder>;

export const openBrowserFolder: OpenFolder = async () => {
  const scope: { storage?: StorageManager } = navigator;
  if (!scope.storage) throw new Error("it is there for secure contexts only");
  return (await scope.storage.getDirectory()) as unknown as Folder;
};

const PREFIX = "headstart-views-";

/** Bytes are put at the end, and read from anywhere. */
export class ScratchFile {
  readonly #folder: Folder;
  readonly #name: string;
  readonly #handle: AccessHandle;
  #length = 0;

  private constructor(folder: Folder, name: string, handle: AccessHandle) {
    this.#folder = folder;
    this.#name = name;
    this.#handle = handle;
  }

  static async create(openFolder: OpenFolder): Promise<ScratchFile> {
    const folder = await openFolder();
    const name = `${PREFIX}${crypto.randomUUID()}`;
    const file = await folder.getFileHandle(name, { create: true });
    const handle = await file.createSyncAccessHandle();
    return new ScratchFile(folder, name, handle);
  }

  /** Returns where they begin. */
  append(bytes: Uint8Array): number {
    const at = this.#length;
    const written = this.#handle.write(bytes, { at });
    if (written < bytes.length) throw new Error("the storage is full");
    this.#length += written;
    return at;
  }

  /** Fills `into`. */
  read(into: Uint8Array, at: number): void {
    if (this.#handle.read(into, { at }) < into.length)
      throw new Error("what was stored can no longer be read");
  }

  async delete(): Promise<void> {
    this.#handle.close();
    await this.#folder.removeEntry(this.#name);
  }
}

/** Deletes what pages that have crashed have left. What is in use is locked, and stays. */
export async function deleteLeftovers(openFolder: OpenFolder): Promise<void> {
  try {
    const folder = await openFolder();
    const names: string[] = [];
    for await (const name of folder.keys())
      if (name.startsWith(PREFIX)) names.push(name);
    for (const name of names) await deleteUnlessLocked(folder, name);
  } catch {
    return; // Where nothing can be stored, nothing is left.
  }
}

async function deleteUnlessLocked(folder: Folder, name: string): Promise<void> {
  try {
    const file = await folder.getFileHandle(name);
    // Not every browser refuses to delete a file that is open.
    (await file.createSyncAccessHandle()).close();
    await folder.removeEntry(name);
  } catch {
    return; // It is in use.
  }
}
