/**
 * Numbers in [0, 1), the same for the same seed (Marsaglia 2003, "Xorshift RNGs", 32 bits).
 * @param {number} seed
 */
export function generator(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
