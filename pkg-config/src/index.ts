export { Classifier } from "./classifier.js";
export { HeadstartError } from "./errors.js";
export type { ErrorCode } from "./errors.js";
export type * from "./types.js";
