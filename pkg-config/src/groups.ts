/** The option `group` of `add`: a name for all images, or a function that gives each its own. */
import { invalid } from "./errors.js";
import { describe } from "./options.js";

/** `never`: whatever type of image the caller's function takes, it is handed the images of the same call. */
export type AnyGroupOf = (image: never, position: number) => string | undefined;

/** Checked as far as it can be before an image is read; what a function gives is checked when it does. */
export function groupsFrom(group: string | AnyGroupOf | undefined): AnyGroupOf {
  if (typeof group !== "function") {
    const name = checked(group);
    return () => name;
  }
  return (image, position) =>
    checked(group(image, position), ` of image ${position + 1}`);
}

function checked(name: unknown, of = ""): string | undefined {
  if (name === undefined) return name;
  if (typeof name === "string" && name.trim() !== "") return name;
  throw invalid(
    `The option group${of} is ${describe(name)}: pass a string that is not empty, or a function that gives one or undefined.`,
  );
}
