import { asHeadstartError } from "../errors.js";
import type { Skipped } from "../types/index.js";

/** The images of one request that cannot be used. */
export class Rejected {
  readonly #byPosition = new Map<number, Skipped>();

  /**
   * Does something with an image, and notes it when the image is at fault. Anything else that goes wrong ends
   * the call.
   */
  async unless(
    position: number,
    name: string,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const { code, message } = asHeadstartError(thrown);
      if (!code.startsWith("IMAGE_")) throw thrown;
      this.#byPosition.set(position, { name, code, reason: message });
    }
  }

  /** As the request has them. */
  inOrder(): Skipped[] {
    return [...this.#byPosition]
      .sort(([a], [b]) => a - b)
      .map(([, skipped]) => skipped);
  }
}
