/** A browser without WebGPU: `webgpu` says so, and `auto` goes on with the CPU. */
import { executablePath, withoutWebGpu } from "./support/chromium.js";
import { photos } from "./support/inputs.js";
import { expect, test, urlsOf } from "./support/test.js";

test.use({ launchOptions: { executablePath, args: withoutWebGpu } });

test.beforeEach(async ({ packagePage }) => {
  const adapter = await packagePage.evaluate(async () => {
    const { gpu } = navigator as Partial<Navigator>;
    return (await gpu?.requestAdapter()) ?? null;
  });
  expect(adapter, "this browser was started without WebGPU").toBeNull();
});

test("WebGPU that is asked for fails with the reason and the remedy", async ({
  packagePage,
}) => {
  const failure = await packagePage.evaluate(() =>
    window.failure(
      window.headstart.Classifier.create({
        weights: "/weights",
        backend: "webgpu",
      }),
    ),
  );
  expect(failure).toMatchObject({ code: "WEBGPU_UNAVAILABLE", own: true });
  expect(failure!.message).toMatch(
    /This browser has .*WebGPU.*use the backend "cpu" or "auto"/,
  );
  await expect.poll(() => packagePage.workers().length).toBe(0);
});

test("auto takes the CPU, says why, and loads nothing of the other module", async ({
  packagePage,
}) => {
  const requests: string[] = [];
  packagePage
    .context()
    .on("request", (request) => requests.push(request.url()));
  const result = await packagePage.evaluate(
    async (urls) => {
      const classifier = await window.headstart.Classifier.create({
        weights: "/weights",
      });
      const [embedding] = await classifier.embed(await window.files(urls));
      return { backend: classifier.backend, length: embedding!.length };
    },
    urlsOf(photos("train", "checks", 1)),
  );
  expect(result.backend.kind).toBe("cpu");
  expect(result.backend.reason).toMatch(
    /^This browser has .*WebGPU.*so the CPU is used\.$/,
  );
  expect(result.length).toBe(960);
  const modules = requests.filter((url) => url.endsWith(".wasm"));
  expect(modules.map((url) => url.split("/").at(-1))).toEqual([
    "headstart.wasm",
  ]);
});

test("the page offers the CPU when WebGPU was asked for in its address", async ({
  page,
}) => {
  await page.goto("/?backend=webgpu");
  await expect(
    page.getByRole("alert").filter({ hasText: "WebGPU" }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Use the CPU" }).click();
  await expect(page.getByTestId("backend")).toContainText("Runs on the CPU");
});
