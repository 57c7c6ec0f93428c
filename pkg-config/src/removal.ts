import { invalid } from "./errors.js";
import { className, describe, optionsOf } from "./options.js";
import type { Removal } from "./types/index.js";

/** Either a label or ids. */
export function checkRemoval(which: Removal): Removal {
  const { label, ids } = optionsOf("remove", which) as {
    label?: string;
    ids?: readonly number[];
  };
  if ((label === undefined) === (ids === undefined)) {
    throw invalid(
      "It is not clear what to remove: pass either { label } or { ids }.",
    );
  }
  if (ids === undefined) {
    className("The class to remove", label);
    return { label };
  }
  const numbers = Array.isArray(ids) ? [...(ids as unknown[])] : undefined;
  if (numbers?.every(isId)) return { ids: numbers };
  throw invalid(
    `The ids to remove are ${describe(ids)}: pass an array of ids as the report gives them.`,
  );
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
