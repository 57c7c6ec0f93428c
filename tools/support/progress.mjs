/** Shows how far a download is: a line that renews itself in a terminal, a line per tenth elsewhere. */

/**
 * @param {string} name
 * @param {{ isTTY?: boolean, write(text: string): unknown }} [stream]
 * @returns {(loaded: number, total: number) => void}
 */
export function progressLine(name, stream = process.stdout) {
  const every = stream.isTTY ? 1 : 10;
  let shown = -1;
  return (loaded, total) => {
    const percent = Math.floor((100 * loaded) / total);
    const mark = Math.floor(percent / every);
    if (mark === shown) return;
    shown = mark;
    const line = `  ${name}: ${megabytes(loaded)} of ${megabytes(total)} MB (${percent} %)`;
    if (!stream.isTTY) stream.write(`${line}\n`);
    else stream.write(`\r${line}${loaded === total ? "\n" : ""}`);
  };
}

/** @param {number} bytes */
const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
