/** The examples in the package's documentation comments, as code that can be run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transform } from "esbuild";
import { packageSources } from "./inputs.js";

export interface Example {
  /** The file, and what the comment documents. */
  of: string;
  /** The body of an async function. */
  code: string;
}

/** What an example may use without saying where it comes from. */
export const GIVEN = ["Classifier", "classifier", "ants", "bees", "photo"];

export async function examples(): Promise<Example[]> {
  const names = readdirSync(packageSources).filter((name) =>
    name.endsWith(".ts"),
  );
  const all = names.flatMap((name) =>
    examplesIn(readFileSync(join(packageSources, name), "utf8")).map(
      ({ of, code }) => ({ of: `${name}: ${of}`, code }),
    ),
  );
  return Promise.all(
    all.map(async ({ of, code }) => ({ of, code: await runnable(code) })),
  );
}

/** Every fenced block after `@example`, with the line that follows the comment. */
function examplesIn(source: string): Example[] {
  const comments = source.matchAll(/\/\*\*([^]*?)\*\/\s*(.*)/g);
  return [...comments].flatMap(([, comment, line]) => {
    const text = comment!.replace(/^ *\* ?/gm, "");
    const blocks = text.matchAll(/@example\s+```ts\n([^]*?)```/g);
    return [...blocks].map(([, code]) => ({ of: line!, code: code! }));
  });
}

/** An import becomes a dynamic one, so that examples can be functions; other names are given. */
async function runnable(code: string): Promise<string> {
  const body = code.replace(
    /^import (\{.*\}) from "(.*)";$/gm,
    'const $1 = await import("$2");',
  );
  // In a block of its own an example may declare what others are given.
  const wrapped = `async function example({ ${GIVEN.join(", ")}, weights }) {{ ${body} }}`;
  const { code: plain } = await transform(wrapped, {
    loader: "ts",
    target: "es2022",
  });
  return plain;
}
