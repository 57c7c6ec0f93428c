/** Every example in the package's documentation comments runs as it stands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { examples } from "./support/examples.js";
import { packageDist, photos, weightsBytes } from "./support/inputs.js";
import { expect, test, urlsOf } from "./support/test.js";

test("the examples in the comments run", async ({ packagePage, site }) => {
  for (const name of ["slim-worker.js", "headstart.wasm"]) {
    const type = name.endsWith(".js") ? "text/javascript" : "application/wasm";
    site.put(`/headstart/${name}`, readFileSync(join(packageDist, name)), type);
  }
  const weights = "resnet18-int8.safetensors";
  for (const folder of ["headstart", "weights"])
    site.put(`/${folder}/${weights}`, weightsBytes());

  const all = (await examples()).map(({ of, code }, i) => ({
    of,
    url: site.put(
      `/examples/${i}.js`,
      Buffer.from(`export ${code}`),
      "text/javascript",
    ),
  }));
  // One for each call, and those of the entry points.
  expect(all.length).toBeGreaterThanOrEqual(17);
  const failures = await packagePage.evaluate(
    async ({ all, ants, bees, photo }) => {
      const { Classifier } = window.headstart;
      const load = window.files;
      const failures: string[] = [];
      for (const { of, url } of all) {
        // Some of them remove or rename: each has a classifier of its own.
        const classifier = await Classifier.create({
          weights: "/weights",
          backend: "cpu",
        });
        const given = {
          Classifier,
          classifier,
          ants: await load(ants),
          bees: await load(bees),
          photo: (await load(photo))[0]!,
          weights: "/weights",
        };
        await classifier.add(given.ants, { label: "ants" });
        await classifier.add(given.bees, { label: "bees" });
        await window.steps(classifier.train());
        try {
          const { example } = (await import(url)) as {
            example: (names: typeof given) => Promise<void>;
          };
          await example(given);
        } catch (error) {
          failures.push(`${of}\n${String(error)}`);
        }
        classifier.dispose();
      }
      return failures;
    },
    {
      all,
      ants: urlsOf(photos("train", "checks", 6)),
      bees: urlsOf(photos("train", "rings", 6)),
      photo: urlsOf(photos("val", "checks", 1)),
    },
  );
  console.log(`examples: ${all.length} of the comments were run`);
  expect(failures).toEqual([]);
});
