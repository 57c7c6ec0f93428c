/** What is measured, as the tables and the results have it. */

/**
 * One engine with one batch.
 * @typedef {object} Row
 * @property {string} library
 * @property {"cpu" | "webgpu"} backend
 * @property {number} threads as many as were asked for
 * @property {number} batch
 * @property {number} first milliseconds of the first call with this batch
 * @property {number[]} times milliseconds of each later call
 * @property {number} staging milliseconds, at the median, of what is done to a batch before its call
 * @property {number} busy processor time by elapsed time, of all the browser's processes
 * @property {number} sharers among how many threads the work was shared; 0 where that is not known
 * @property {number} cosine the smallest to the reference
 *
 * @typedef {object} Cold
 * @property {string} engine
 * @property {number} open milliseconds until its code and weights are loaded, from this machine
 * @property {number} first milliseconds of the first picture after that
 * @property {number} batch of the later call whose memory is counted too
 * @property {number | undefined} peakBytes the most that the browser's processes held, less those of an empty page
 */
export {};
