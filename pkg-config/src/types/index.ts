/** The public types of the package: what goes in and what comes out. */
export type * from "./create.js";
export type * from "./images.js";
export type * from "./training.js";
export type * from "./report.js";
export type * from "./prediction.js";
export type * from "./support.js";
export type * from "./export.js";
