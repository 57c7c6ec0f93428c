/**
 * The address of the weights in the companion package `headstart-weights`, which has to be installed.
 *
 * @packageDocumentation
 */
import { weights as installed } from "headstart-weights";

/**
 * Where the weights are, for the option `weights`.
 *
 * @example
 * ```ts
 * import { weights } from "headstart/weights";
 *
 * const classifier = await Classifier.create({ weights });
 * ```
 */
export const weights: URL = installed;
