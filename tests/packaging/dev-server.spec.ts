/** Vite's development server, which bundles dependencies anew before it serves them. */
import { createServer, type Plugin } from "vite";
import { answerInputs } from "./support/photos.js";
import { POLICY, Violations } from "./support/policy.js";
import { project } from "./support/project.js";
import { expect, expectResult, test } from "./support/test.js";

test("Vite's development server: the page learns checks and rings without any configuration", async ({
  page,
}) => {
  const root = await project("vite-dev", {
    packages: ["headstart", "headstart-weights"],
    consumer: "vite",
  });
  const violations = new Violations();
  const inputs: Plugin = {
    name: "photos-and-reports",
    configureServer({ middlewares }) {
      middlewares.use(answerInputs);
      middlewares.use(violations.answer.bind(violations));
    },
  };
  const server = await createServer({
    root,
    plugins: [inputs],
    server: { port: 0, headers: { "content-security-policy": POLICY } },
    logLevel: "error",
  });
  try {
    await server.listen();
    await page.goto(server.resolvedUrls!.local[0]!);
    await expectResult(page);
  } finally {
    await server.close();
  }
  expect(violations.found).toEqual([]);
});
