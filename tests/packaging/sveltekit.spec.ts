/** A page that is rendered on a server, where there are no workers, and goes on in the browser. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { project } from "./support/project.js";
import { npm } from "./support/program.js";
import { DIRECTIVES } from "./support/policy.js";
import type { Handler } from "./support/site.js";
import { expect, expectResult, test } from "./support/test.js";

test("SvelteKit: the page is rendered on the server, and learns checks and rings in the browser", async ({
  page,
  serve,
}) => {
  const folder = await project("sveltekit", { consumer: "sveltekit" });
  await npm(["run", "build"], folder);
  const server = pathToFileURL(join(folder, "build", "handler.js")).href;
  const { handler } = (await import(server)) as { handler: Handler };
  const site = await serve(handler);

  const rendered = await (await fetch(site.url)).text();
  expect(rendered).toContain("Supported on the server: false");

  const response = await page.goto(site.url);
  const policy = await response!.headerValue("content-security-policy");
  for (const [directive, sources] of Object.entries(DIRECTIVES))
    expect(policy).toContain(`${directive} ${sources}`);
  await expectResult(page);
});
