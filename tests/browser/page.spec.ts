/** How the page behaves: dropping, naming, keyboard, phone, missing weights. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Page } from "@playwright/test";
import { photos, weightsPath } from "./support/inputs.js";
import { HeadstartPage } from "./support/headstart-page.js";
import { expect, test } from "./support/test.js";

const few = {
  ants: photos("train", "ants", 3),
  bees: photos("train", "bees", 3),
};

/** Drops files, as a person would from a file manager. */
async function drop(
  page: Page,
  target: string,
  paths: string[],
): Promise<void> {
  const files = paths.map((path) => ({
    name: basename(path),
    base64: readFileSync(path).toString("base64"),
  }));
  const dataTransfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
    }
    return transfer;
  }, files);
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent(target, type, { dataTransfer });
  }
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
  await expect(headstart.count("ants")).toHaveAttribute("data-train", "3");
  await expect(headstart.count("bees")).toHaveAttribute("data-train", "3");

  const accuracy = await headstart.trainToEnd();
  expect(accuracy).toBeGreaterThanOrEqual(0);
  expect(accuracy).toBeLessThanOrEqual(1);
  await expect(page.getByRole("region", { name: "Report" })).toContainText(
    "2 held-out photos",
  );

  const photo = photos("val", "bees", 1)[0]!;
  await page.getByTestId("predict-files").setInputFiles(photo);
  await expect(page.getByTestId("prediction")).toHaveCount(1);
  await expect(page.getByRole("img", { name: basename(photo) })).toBeVisible();
});

test("takes a single class folder, and more photos of it", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  const folder = makeFolder("one", { ants: few.ants.slice(0, 2) });
  await headstart.addFolder(`${folder}/ants`);
  await headstart.finish(/Added 2 photos/);
  await page.getByTestId("more-files").setInputFiles(few.ants);
  const said = await headstart.finish(/Added 1 photo\b/);
  expect(said).toContain("2 duplicates");
  await expect(headstart.count("ants")).toHaveAttribute("data-train", "3");
});

test("asks for the class of photos that are dropped without a folder", async ({
  page,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await drop(page, '[data-testid="drop-zone"]', few.bees);
  await expect(
    page.getByText("3 photos without a folder: which class?"),
  ).toBeVisible();
  await expect(page.getByLabel("Class name")).toBeFocused();
  await page.keyboard.type("bees");
  await page.keyboard.press("Enter");
  await headstart.finish(/Added 3 photos/);
  await expect(headstart.count("bees")).toHaveAttribute("data-train", "3");
});

test("takes named classes from files", async ({ page }) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  for (const [label, files] of Object.entries(few)) {
    await page.getByLabel("Class name").fill(label);
    await page.getByTestId("class-files").setInputFiles(files);
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
        return (label ?? focused)?.textContent?.trim() ?? "";
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
    makeFolder("photos", { ants: few.ants, [long]: few.bees }),
  );
  await headstart.finish(/Added 6 photos/);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await headstart.trainToEnd();
  await page
    .getByTestId("predict-files")
    .setInputFiles(photos("val", "ants", 1));
  await expect(page.getByTestId("prediction")).toHaveCount(1);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
});

test("tells unusable files and duplicates by name, and goes on", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await page.getByLabel("Class name").fill("ants");
  await page.getByTestId("class-files").setInputFiles([
    { name: "empty.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(0) },
    {
      name: "ant.jpg",
      mimeType: "image/jpeg",
      buffer: readFileSync(few.ants[0]!),
    },
    {
      name: "twin.jpg",
      mimeType: "image/jpeg",
      buffer: readFileSync(few.ants[0]!),
    },
  ]);
  await headstart.finish(/Added 1 photo\b/);
  await expect(
    page.getByRole("region", { name: "Files that cannot be used" }),
  ).toContainText("empty.jpg");
  await expect(
    page.getByRole("region", { name: "Duplicates left out" }),
  ).toContainText("twin.jpg");
  await headstart.addFolder(makeFolder("photos", { bees: few.bees }));
  await headstart.finish(/Added 3 photos/);
});

test("says what is missing when Train is pressed too early, and keeps the photos", async ({
  page,
  makeFolder,
}) => {
  const headstart = new HeadstartPage(page);
  await headstart.open();
  await headstart.addFolder(makeFolder("photos", { ants: few.ants }));
  await headstart.finish(/Added 3 photos/);
  await headstart.train.click();
  await headstart.finish(/only one class, "ants"/);
  await expect(headstart.count("ants")).toHaveAttribute("data-train", "3");
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
  await headstart.addFolder(makeFolder("photos", { ants: few.ants }));
  await page.getByTestId("weights-file").setInputFiles(weightsPath);
  await expect(headstart.backend).toContainText("Runs on the CPU");
  // The photos that came before the weights have waited for them.
  await headstart.finish(/Added 3 photos/);
});
