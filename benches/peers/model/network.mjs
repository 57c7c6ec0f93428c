/**
 * ResNet18 up to its embedding, as every engine here builds it: batch norm is folded into the convolutions.
 * Source: He et al. 2016, "Deep Residual Learning for Image Recognition", table 1; names are torchvision's.
 */

/** Length of an embedding. */
export const EMBEDDING = 512;
/** Side of an input in pixels. */
export const SIDE = 224;

const CHANNELS = [64, 128, 256, 512];

/**
 * A square convolution whose padding keeps the size at stride 1.
 * @typedef {{ name: string, from: number, to: number, kernel: number, stride: number }} Conv
 * @typedef {{ conv1: Conv, conv2: Conv, downsample: Conv | undefined }} Block
 */

/** @type {Conv} */
export const STEM = { name: "conv1", from: 3, to: 64, kernel: 7, stride: 2 };

/** The residual blocks, in order. @returns {Block[]} */
export function blocks() {
  return CHANNELS.flatMap((to, stage) =>
    [0, 1].map((block) => {
      const prefix = `layer${stage + 1}.${block}`;
      const narrows = stage > 0 && block === 0;
      const from = narrows ? (CHANNELS[stage - 1] ?? to) : to;
      const stride = narrows ? 2 : 1;
      return {
        conv1: { name: `${prefix}.conv1`, from, to, kernel: 3, stride },
        conv2: { name: `${prefix}.conv2`, from: to, to, kernel: 3, stride: 1 },
        downsample: narrows
          ? { name: `${prefix}.downsample.0`, from, to, kernel: 1, stride }
          : undefined,
      };
    }),
  );
}

/** Every convolution, in order. @returns {Conv[]} */
export function convolutions() {
  const rest = blocks().flatMap(({ conv1, conv2, downsample }) =>
    downsample ? [conv1, conv2, downsample] : [conv1, conv2],
  );
  return [STEM, ...rest];
}

/** Padding on each side. @param {Conv} conv */
export const padding = ({ kernel }) => (kernel - 1) / 2;
