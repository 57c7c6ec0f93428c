/** The companion package, which need not be installed to build this one. */
declare module "headstart-weights" {
  export const weights: URL;
}
