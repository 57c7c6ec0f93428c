/** The page as static files in www/dist: any server can serve them, from any folder. */
import { cp, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { SetupError, say, step } from "../support/console.mjs";
import { exists, filesUnder } from "../support/files.mjs";
import { made } from "../support/made.mjs";
import {
  inRoot,
  packageDist,
  pageDist,
  quantizedWeights,
} from "../support/paths.mjs";
import { run } from "../support/run.mjs";
import { NOTICES, writePageNotices } from "../notices/notices.mjs";

const folder = inRoot("www");
const copiedWeights = join(pageDist, "weights");

export async function buildPage() {
  const sources = await filesUnder([folder], ["node_modules", "dist", "tests"]);
  const result = {
    name: "page",
    inputs: [
      ...sources,
      ...(await filesUnder([packageDist])),
      inRoot("package-lock.json"),
    ],
    destination: pageDist,
    except: ["weights"],
  };
  await made(result, (dist) =>
    step(
      {
        doing: "Building the page",
        usually: "10 seconds",
        mend: "Mend what is named above, then run: npm run build",
      },
      async () => {
        await run(
          "vite",
          ["build", "--logLevel", "warn", "--outDir", dist, "--emptyOutDir"],
          { cwd: folder },
        );
        await writePageNotices({
          destination: join(dist, NOTICES),
          ofPackage: join(packageDist, NOTICES),
          bundled: join(dist, "licences.json"),
        });
      },
    ),
  );
}

/** For self-hosting: everything that the page needs in one folder. */
export async function copyWeightsIntoPage() {
  if (!(await exists(quantizedWeights))) {
    throw new SetupError(
      "There are no quantized weights to copy into the page",
      "Run: npm start, which makes them",
    );
  }
  await mkdir(copiedWeights, { recursive: true });
  await cp(quantizedWeights, join(copiedWeights, basename(quantizedWeights)));
  say("- weights: copied into www/dist/weights");
}

/** Without `--with-weights` the page holds none, also where an earlier build put them. */
export const removeWeightsFromPage = () =>
  rm(copiedWeights, { recursive: true, force: true });
