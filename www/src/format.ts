/** How numbers read on the page. */

/** A share in [0, 1] as `96.1 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** A share that may not exist, such as the precision of a class that was never named. */
export function percentOrDash(share: number | null): string {
  return share === null ? "–" : percent(share);
}

/** To three digits: `0.0316`. */
export function brief(number: number): string {
  return String(Number(number.toPrecision(3)));
}

export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
