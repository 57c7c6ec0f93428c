/** Checks of arguments: callers without types may pass anything, and are told what would be right. */
import { invalid } from "./errors.js";
import type { CallOptions, Logger } from "./types/index.js";

/** An object of options, where `undefined` means none. */
export function optionsOf<T extends object>(
  call: string,
  options: T | null | undefined,
): T {
  if (options === undefined) return {} as T;
  if (typeof options === "object" && options !== null) return options;
  throw invalid(
    `The options of ${call} are ${describe(options)}: pass an object, or nothing.`,
  );
}

/** The options that every long call has. */
export function checkCallOptions({ signal, onProgress }: CallOptions): void {
  if (signal !== undefined && !isSignal(signal)) {
    throw invalid(
      `The option signal is ${describe(signal)}: pass an AbortSignal.`,
    );
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw invalid(
      `The option onProgress is ${describe(onProgress)}: pass a function.`,
    );
  }
}

/** By what it can do rather than `instanceof`, so that a signal of another frame counts too. */
function isSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return (
    typeof signal?.aborted === "boolean" &&
    typeof signal.addEventListener === "function"
  );
}

export function checkLogger(logger: Logger | undefined): void {
  if (logger === undefined) return;
  const methods: unknown[] = ["debug", "info", "warn", "error"].map(
    (level) => (logger as Partial<Logger> | null)?.[level as keyof Logger],
  );
  if (methods.every((method) => typeof method === "function")) return;
  throw invalid(
    `The option logger is ${describe(logger)}: pass an object with the functions debug, info, warn and error, such as console.`,
  );
}

export function oneOf(
  option: string,
  value: unknown,
  allowed: readonly string[],
): void {
  if (allowed.includes(value as string)) return;
  const names = allowed.map((name) => `"${name}"`).join(", ");
  throw invalid(
    `The option ${option} is ${describe(value)}: pass one of ${names}.`,
  );
}

/** WebAssembly would take any other number for some whole one. */
export function wholeNumber(
  option: string,
  value: unknown,
  least: number,
): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw invalid(
    `The option ${option} is ${describe(value)}: pass a whole number from ${least}.`,
  );
}

export function trueOrFalse(option: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw invalid(
    `The option ${option} is ${describe(value)}: pass true or false.`,
  );
}

/** The name of a class, as a caller gives it. */
export function className(
  argument: string,
  value: unknown,
): asserts value is string {
  if (typeof value === "string" && value.trim() !== "") return;
  throw invalid(
    `${argument} is ${describe(value)}: pass the name of a class as a string that is not empty.`,
  );
}

/** A value in a message: what it is, and for simple ones which. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(
        value.length > 80 ? `${value.slice(0, 80)}…` : value,
      );
    case "object":
    case "function": {
      if (value === null) return "null";
      const kind = typeof value === "function" ? "function" : kindOf(value);
      return /^[aeiou]/i.test(kind) ? `an ${kind}` : `a ${kind}`;
    }
    default:
      return String(value);
  }
}

/** By tag rather than `instanceof`, so that objects of another frame count too. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** Whether a buffer was handed over to somebody else, and holds nothing any more. */
export function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
