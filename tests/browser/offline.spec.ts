/** No image leaves the machine: once page and weights are there, nothing is asked of any server. */
import { photos } from "./support/inputs.js";
import { HeadstartPage } from "./support/headstart-page.js";
import { create, expect, test, urlsOf } from "./support/test.js";

test("adding, training, evaluating and predicting make no request", async ({
  page,
  context,
  makeFolder,
}) => {
  const folder = makeFolder("photos", {
    checks: photos("train", "checks", 4),
    rings: photos("train", "rings", 4),
  });
  const tests = makeFolder("tests", {
    checks: photos("val", "checks", 2),
    rings: photos("val", "rings", 2),
  });
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await page.waitForLoadState("networkidle");

  const requests: string[] = [];
  context.on("request", (request) => {
    // Thumbnails are shown from memory.
    if (!/^(blob|data):/.test(request.url())) requests.push(request.url());
  });
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  await context.setOffline(true);

  await headstart.addFolder(folder);
  await headstart.finish(/Added 8 photos/);
  await headstart.addTestFolder(tests);
  await headstart.finish(/Added 4 photos/);
  await headstart.trainToEnd();
  await expect(headstart.accuracy).toBeVisible();
  await headstart.predict(photos("val", "rings", 2, 20));
  await headstart.finish(/Predicted 2 photos/);
  await expect(page.getByTestId("prediction")).toHaveCount(2);

  console.log(`offline: ${requests.length} requests after loading`);
  expect(requests).toEqual([]);
  expect(errors).toEqual([]);
});

test("the package makes no request either", async ({
  packagePage,
  context,
}) => {
  await create(packagePage);
  const files = await packagePage.evaluateHandle(
    (urls) => window.files(urls),
    urlsOf([...photos("train", "checks", 2), ...photos("train", "rings", 2)]),
  );
  const requests: string[] = [];
  context.on("request", (request) => requests.push(request.url()));
  await context.setOffline(true);
  const predictions = await packagePage.evaluate(async (files) => {
    const { classifier } = window;
    await classifier.add(files.slice(0, 2), { label: "checks" });
    await classifier.add(files.slice(2), { label: "rings" });
    await window.steps(classifier.train({ epochs: 2 }));
    await classifier.evaluate();
    return classifier.predict(files.slice(0, 1));
  }, files);
  expect(predictions).toHaveLength(1);
  expect(requests).toEqual([]);
});
