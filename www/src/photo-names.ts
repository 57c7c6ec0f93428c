/** The names under which the package knows the photos. */

import type { PathFile } from "./folders";

export interface Photo {
  name: string;
  file: File;
  /** As in {@link PathFile}. */
  group?: string | undefined;
}

/** Every name occurs once: the report refers to photos by name, and phones call every photo `image.jpg`. */
export class PhotoNames {
  #photos = new Map<string, Photo>();

  /** Names for `files`. A name is taken only when its photo is kept. */
  give(files: PathFile[]): Photo[] {
    const given = new Set<string>();
    return files.map(({ path, file, group }) => {
      let name = path;
      for (let n = 2; given.has(name) || this.#photos.has(name); n++) {
        name = path.replace(/(\.[^./]*)?$/, ` (${n})$1`);
      }
      given.add(name);
      return { name, file, group };
    });
  }

  keep(photos: Photo[]): void {
    for (const photo of photos) this.#photos.set(photo.name, photo);
  }

  find(name: string): Photo | undefined {
    return this.#photos.get(name);
  }
}
