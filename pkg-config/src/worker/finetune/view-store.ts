import { HeadstartError, messageOf } from "../../errors.js";
import type { WantedViews } from "../../protocol.js";
import {
  deleteLeftovers,
  ScratchFile,
  type OpenFolder,
} from "./scratch-file.js";

/** A few hundred images, on any machine that trains at all. */
const MOST_IN_MEMORY = 256 * 2 ** 20;

/** Where an image's views are. */
type Kept = Uint8Array | { at: number; length: number };

/** What the trunk says of each image's views: in memory, and beyond a bound in a file of the browser's. */
export class ViewStore {
  readonly #openFolder: OpenFolder;
  readonly #images: number;
  readonly #mostInMemory: number;
  /** By the images' places. */
  readonly #kept = new Map<number, Kept>();
  #bytes = 0;
  #bytesInMemory = 0;
  /** Of one view. */
  #length = 0;
  #file: ScratchFile | undefined;
  #closed = false;

  private constructor(
    images: number,
    openFolder: OpenFolder,
    mostInMemory: number,
  ) {
    this.#images = images;
    this.#openFolder = openFolder;
    this.#mostInMemory = mostInMemory;
  }

  /** `images`: how many are to come. */
  static async open(
    images: number,
    openFolder: OpenFolder,
    mostInMemory = MOST_IN_MEMORY,
  ): Promise<ViewStore> {
    await deleteLeftovers(openFolder);
    return new ViewStore(images, openFolder, mostInMemory);
  }

  /** How many images there are. */
  get size(): number {
    return this.#kept.size;
  }

  /**
   * Keeps an image's views, `length` bytes each.
   *
   * @throws `NO_ROOM`
   */
  async add(place: number, views: Uint8Array, length: number): Promise<void> {
    this.#length = length;
    this.#bytes += views.length;
    this.#kept.set(place, await this.#keep(views));
  }

  /** The views of these places, one after the other. */
  read(wanted: WantedViews): Uint8Array {
    const length = this.#length;
    const views = new Uint8Array((wanted.length / 2) * length);
    for (let i = 0; i < wanted.length; i += 2) {
      const [place = 0, view = 0] = wanted.subarray(i, i + 2);
      const into = views.subarray((i / 2) * length, (i / 2 + 1) * length);
      this.#readView(place, view, into);
    }
    return views;
  }

  /** Forgets all of it. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#kept.clear();
    const file = this.#file;
    this.#file = undefined;
    await file?.delete();
  }

  async #keep(views: Uint8Array): Promise<Kept> {
    if (this.#bytesInMemory + views.length <= this.#mostInMemory) {
      this.#bytesInMemory += views.length;
      // A copy: what is kept must not hold the views of others too.
      return views.slice();
    }
    try {
      const file = (this.#file ??= await this.#create());
      return { at: file.append(views), length: views.length };
    } catch (cause) {
      throw this.#noRoom(cause);
    }
  }

  async #create(): Promise<ScratchFile> {
    const file = await ScratchFile.create(this.#openFolder);
    if (!this.#closed) return file;
    await file.delete();
    throw new Error("it is no longer wanted");
  }

  #readView(place: number, view: number, into: Uint8Array): void {
    const kept = this.#kept.get(place);
    const offset = view * this.#length;
    if (kept === undefined || offset + this.#length > kept.length)
      throw new Error(`view ${view} of image ${place} was not kept`);
    if (kept instanceof Uint8Array)
      into.set(kept.subarray(offset, offset + this.#length));
    else this.#file?.read(into, kept.at + offset);
  }

  #noRoom(cause: unknown): HeadstartError {
    const images = this.#kept.size + 1;
    const needed = (this.#bytes / images) * Math.max(this.#images, images);
    return new HeadstartError(
      "NO_ROOM",
      `Fine-tuning needs to store about ${Math.ceil(needed / 1e6)} MB for ${this.#images} images, and the browser has no room for them (${messageOf(cause)}): use fewer images, free space on this device, or leave the private window.`,
      { cause },
    );
  }
}
