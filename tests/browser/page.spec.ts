/** How the page behaves: dropping, naming, keyboard, phone, missing weights. */
import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import {
  filesOf,
  nameOf,
  photos,
  strangers,
  weightsPath,
} from "./support/inputs.js";
import { HeadstartPage } from "./support/headstart-page.js";
import { expect, test } from "./support/test.js";

const few = {
  checks: photos("train", "checks", 3),
  rings: photos("train", "rings", 3),
};

/** Drops files, as a person would from a file manager. */
async function drop(
  page: Page,
  target: string,
  paths: string[],
): Promise<void> {
  const files = filesOf(paths).map(({ name, mimeType, buffer }) => ({
    ...{ name, mimeType },
    base64: buffer.toString("base64"),
  }));
  const dataTransfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, mimeType, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    return transfer;
  }, files);
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent(target, type, { dataTransfer });
  }
}

/** How bright the left edge of the canvas is, as a share of the photo's own. */
function cornerAgainstPhoto(canvas: Locator, photo: string): Promise<number> {
  return canvas.evaluate(async (canvas, base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const brightness = (image: CanvasImageSource) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const copy = new OffscreenCanvas(width, height).getContext("2d")!;
      copy.drawImage(image, 0, 0, width, height);
      const { data } = copy.getImageData(0, 0, 4, height);
      return data.reduce((sum, part, i) => sum + (i % 4 < 3 ? part : 0), 0);
    };
    return brightness(canvas as HTMLCanvasElement) / brightness(bitmap);
  }, readFileSync(photo).toString("base64"));
}

/** How far the page can be scrolled sideways. */
const overflow = (page: Page) =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });

test("says which backend runs, why, and that nothing is uploaded", async ({
  page,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await expect(headstart.backend).toHaveAttribute("data-kind", "cpu");
  await expect(headstart.backend).toContainText("The CPU was asked for.");
  await expect(page.getByText("Nothing is uploaded")).toBeVisible();
});

test("takes a folder of class folders, trains, reports and predicts", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await headstart.addFolder(makeFolder("photos", few));
  await headstart.finish(/Added 6 photos/);
  await expect(headstart.count("checks")).toHaveAttribute("data-train", "3");
  await expect(headstart.count("rings")).toHaveAttribute("data-train", "3");

  const accuracy = await headstart.trainToEnd();
  expect(accuracy).toBeGreaterThanOrEqual(0);
  expect(accuracy).toBeLessThanOrEqual(1);
  const report = page.getByRole("region", { name: "Report" });
  await expect(report).toContainText("2 held-out photos");
  await expect(report).toContainText(
    /95 % interval is\s+\d+\.\d %\s+to\s+\d+\.\d %/,
  );
  await expect(page.getByTestId("head")).toContainText(
    "Of one class at least there are too few different photos to choose by, so a strong penalty was used.",
  );
  const right = Math.round(accuracy * 2);
  await expect(
    report.getByRole("list", { name: "Mistakes" }).getByRole("listitem"),
  ).toHaveCount(2 - right);

  const photo = photos("val", "rings", 1)[0]!;
  await headstart.predict([photo]);
  await expect(page.getByTestId("prediction")).toHaveCount(1);
  await expect(page.getByRole("img", { name: nameOf(photo) })).toBeVisible();
});

test("reports on labels, learning and strangers, and explains its predictions", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  const mislabelled = photos("train", "rings", 1, 30)[0]!;
  await headstart.addFolder(
    makeFolder("photos", {
      checks: [...photos("train", "checks", 30), mislabelled],
      rings: photos("train", "rings", 30),
    }),
  );
  await headstart.finish(/Added 61 photos/, 2 * 60_000);
  await headstart.trainToEnd(2 * 60_000);

  await expect(page.getByTestId("head")).toContainText(
    /^Logistic regression, L2 [\d.]+ chosen by cross-validation\./,
  );
  await expect(page.getByTestId("cross-validation")).toContainText(
    /-fold cross-validation within the training photos:\s+\d+\.\d % ± \d+\.\d %/,
  );
  await expect(page.getByTestId("more-photos")).toHaveAttribute(
    "data-answer",
    /^(likely|unlikely|unclear)$/,
  );
  const curve = page.getByRole("table", { name: /by number of training/ });
  await expect(curve.getByRole("row")).toHaveCount(4);
  await expect(
    page.getByRole("region", { name: "Can its probabilities be trusted?" }),
  ).toContainText(/temperature \d+\.\d\d/);
  const suspect = page
    .getByTestId("label-problems")
    .getByRole("listitem")
    .filter({ has: page.getByRole("img", { name: nameOf(mislabelled) }) });
  await expect(suspect).toContainText(/labelled checks\s*looks like rings/);
  await expect(
    page.getByRole("region", { name: "Near-duplicates" }),
  ).toBeVisible();

  const rings = photos("val", "rings", 1, 10)[0]!;
  const strange = strangers(1)[0]!;
  await headstart.predict([rings, strange]);
  await headstart.finish(/Predicted 2 photos/);
  const card = (photo: string) =>
    page.getByTestId("prediction").filter({
      has: page.getByRole("img", { name: new RegExp(`^${nameOf(photo)}`) }),
    });
  await expect(card(strange)).toHaveAttribute("data-unknown", "true");
  await expect(card(strange)).toContainText("None of these");
  await expect(card(strange)).toContainText(/(checks|rings)\s+comes closest/);
  await expect(card(rings)).toHaveAttribute("data-label", "rings");
  await expect(
    card(rings)
      .getByRole("list", { name: /^Most like these/ })
      .getByRole("listitem"),
  ).toHaveCount(3);

  await page.getByLabel("Show where it looked").check();
  const looked = card(rings).getByRole("img", { name: /speaks for rings/ });
  await expect(looked).toBeVisible();
  await looked.scrollIntoViewIfNeeded();
  const canvas = looked.locator("canvas");
  await expect
    .poll(() => cornerAgainstPhoto(canvas, rings))
    .toBeCloseTo(0.4, 1);
});

test("takes one photo of two classes once, and says that the labels differ", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await headstart.addFolder(
    makeFolder("photos", {
      checks: few.checks,
      rings: [...few.rings, few.checks[0]!],
    }),
  );
  const said = await headstart.finish(/Added 6 photos/);
  expect(said).toContain("1 photo of another class");
  const conflicts = page.getByRole("region", {
    name: "Photos of another class",
  });
  await expect(conflicts).toContainText(nameOf(few.checks[0]!));
  await expect(conflicts).toContainText("Only one class can be right");
  await expect(headstart.count("rings")).toHaveAttribute("data-train", "3");
});

test("lets views be chosen until there are photos", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await page.getByText("What is looked at in each photo").click();
  const views = page.getByLabel("Views");
  await expect(views).toHaveValue("centre");
  await views.selectOption("flip");
  await expect(headstart.backend).toBeVisible();
  await headstart.addFolder(makeFolder("photos", few));
  await headstart.finish(/Added 6 photos/);
  await expect(views).toBeDisabled();
  await headstart.trainToEnd();
  await expect(page.getByTestId("head")).toContainText(
    "the centre and its mirror image were looked at",
  );
});

test("keeps photos together that come in folders inside their class folder", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await headstart.addFolder(
    makeFolder("photos", {
      "checks/anna": photos("train", "checks", 3),
      "checks/ben": photos("train", "checks", 3, 3),
      "rings/anna": photos("train", "rings", 3),
      "rings/ben": photos("train", "rings", 3, 3),
    }),
  );
  await headstart.finish(/Added 12 photos/);
  await headstart.trainToEnd();
  const groups = page.getByRole("region", { name: "groups" });
  await expect(groups).toContainText("12 photos came in 2 groups");
  // All of anna's or all of ben's.
  await expect(page.getByRole("region", { name: "Report" })).toContainText(
    "6 held-out photos",
  );
});

test("notes photos that seem to be of one burst, and a training that stopped too early", async ({
  page,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  for (const pattern of ["checks", "rings"] as const) {
    await page.getByLabel("Class name").fill(pattern);
    const files = filesOf(photos("train", pattern, 5));
    const burst = files.map((file, i) => ({ ...file, name: `burst ${i}.jpg` }));
    await page.getByTestId("class-files").setInputFiles(burst);
    await headstart.finish(/Added 5 photos/);
  }
  await page.getByText("Options", { exact: true }).click();
  await page.getByLabel("Epochs at most").fill("1");
  await page.getByLabel("Epochs at most").blur();
  await headstart.trainToEnd();
  const report = page.getByRole("region", { name: "Report" });
  await expect(report.getByTestId("suspected-groups")).toContainText(
    /images have names that number on .* give them a common group.*folder inside/,
  );
  await expect(report.getByTestId("not-converged")).toContainText(
    "train again with more epochs",
  );
  await page.getByLabel("Epochs at most").fill("");
  await page.getByLabel("Epochs at most").blur();
  await headstart.trainToEnd();
  await expect(report.getByTestId("not-converged")).toHaveCount(0);
});

test("takes a single class folder, and more photos of it", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  const folder = makeFolder("one", { checks: few.checks.slice(0, 2) });
  await headstart.addFolder(`${folder}/checks`);
  await headstart.finish(/Added 2 photos/);
  await page.getByTestId("more-files").setInputFiles(filesOf(few.checks));
  const said = await headstart.finish(/Added 1 photo\b/);
  expect(said).toContain("2 duplicates");
  await expect(headstart.count("checks")).toHaveAttribute("data-train", "3");
});

test("asks for the class of photos that are dropped without a folder", async ({
  page,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await drop(page, '[data-testid="drop-zone"]', few.rings);
  await expect(
    page.getByText("3 photos without a folder: which class?"),
  ).toBeVisible();
  await expect(page.getByLabel("Class name")).toBeFocused();
  await page.keyboard.type("rings");
  await page.keyboard.press("Enter");
  await headstart.finish(/Added 3 photos/);
  await expect(headstart.count("rings")).toHaveAttribute("data-train", "3");
});

test("takes named classes from files", async ({ page }) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  for (const [label, files] of Object.entries(few)) {
    await page.getByLabel("Class name").fill(label);
    await page.getByTestId("class-files").setInputFiles(filesOf(files));
    await headstart.finish(/Added 3 photos/);
    await expect(headstart.count(label)).toHaveAttribute("data-train", "3");
  }
});

test("can be used with the keyboard alone", async ({ page, makeFolder }) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  const reach = async (name: string) => {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press("Tab");
      const text = await page.evaluate(() => {
        const focused = document.activeElement;
        const label =
          focused instanceof HTMLInputElement ? focused.labels?.[0] : undefined;
        return (label ?? focused)?.textContent.trim() ?? "";
      });
      if (text.startsWith(name)) return;
    }
    throw new Error(`${name} cannot be reached with the Tab key`);
  };
  await reach("Choose a folder");
  const chooser = page.waitForEvent("filechooser");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(makeFolder("photos", few));
  await headstart.finish(/Added 6 photos/);
  await page.locator("h1").click();
  await reach("Train");
  await page.keyboard.press("Enter");
  await headstart.finish(/Trained\./);
  await expect(headstart.accuracy).toBeVisible();
});

test("fits a phone without scrolling sideways", async ({
  page,
  makeFolder,
}) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const headstart = new HeadstartPage(page);
  await headstart.open();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  const long =
    "a class whose name is rather long_and_has_no_place_to_break_it_in_two";
  await headstart.addFolder(
    makeFolder("photos", { checks: few.checks, [long]: few.rings }),
  );
  await headstart.finish(/Added 6 photos/);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await headstart.trainToEnd();
  await headstart.predict(photos("val", "checks", 1));
  await expect(page.getByTestId("prediction")).toHaveCount(1);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});

test("tells unusable files and duplicates by name, and goes on", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await page.getByLabel("Class name").fill("checks");
  await page.getByTestId("class-files").setInputFiles([
    { name: "empty.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) },
    {
      name: "check.jpg",
      mimeType: "image/jpeg",
      buffer: readFileSync(few.checks[0]!),
    },
    {
      name: "twin.jpg",
      mimeType: "image/jpeg",
      buffer: readFileSync(few.checks[0]!),
    },
  ]);
  await headstart.finish(/Added 1 photo\b/);
  await expect(
    page.getByRole("region", { name: "Files that cannot be used" }),
  ).toContainText("empty.jpg");
  await expect(
    page.getByRole("region", { name: "Duplicates left out" }),
  ).toContainText("twin.jpg");
  await headstart.addFolder(makeFolder("photos", { rings: few.rings }));
  await headstart.finish(/Added 3 photos/);
});

test("says what is missing when Train is pressed too early, and keeps the photos", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await headstart.addFolder(makeFolder("photos", { checks: few.checks }));
  await headstart.finish(/Added 3 photos/);
  await headstart.train.click();
  await headstart.finish(/only one class, "checks"/);
  await expect(headstart.count("checks")).toHaveAttribute("data-train", "3");
});

test("says when weights are missing, and takes them from disk", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await page.goto("/?backend=cpu&weights=./weights/nowhere.safetensors");
  const alert = page
    .getByRole("alert")
    .filter({ hasText: "nowhere.safetensors" });
  await expect(alert).toContainText("404");
  await headstart.addFolder(makeFolder("photos", { checks: few.checks }));
  await page.getByTestId("weights-file").setInputFiles(weightsPath);
  await expect(headstart.backend).toContainText("Runs on the CPU");
  // The photos that came before the weights have waited for them.
  await headstart.finish(/Added 3 photos/);
});

test("deletes what is kept in the browser, when asked to", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  const folder = makeFolder("photos", { checks: photos("train", "checks", 3) });
  const kept = () =>
    page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const open = indexedDB.open("headstart");
        open.onsuccess = () => resolve(open.result);
      });
      const count = await new Promise<number>((resolve) => {
        const counted = database
          .transaction("embeddings")
          .objectStore("embeddings")
          .count();
        counted.onsuccess = () => resolve(counted.result);
      });
      database.close();
      return { embeddings: count, caches: await caches.keys() };
    });
  await headstart.open();
  await headstart.addFolder(folder);
  await headstart.finish(/Added 3 photos/);
  expect(await kept()).toMatchObject({ embeddings: 3 });
  await page.getByText("What is kept in this browser?").click();
  await page.getByRole("button", { name: "Delete what is kept" }).click();
  await expect(page.getByText("Deleted.")).toBeVisible();
  expect(await kept()).toEqual({ embeddings: 0, caches: [] });
  await expect(headstart.count("checks")).toContainText("3 photos");
});
