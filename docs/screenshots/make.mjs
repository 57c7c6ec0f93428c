/**
 * Takes page.png, the README's picture, and more on request, of the built page at work on pictures drawn by draw.mjs.
 * Needs `npm run build` and weights: `node docs/screenshots/make.mjs [folder for whole pages]`.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { draw } from "./draw.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const PORT = "4299";
/** Where to put whole pages for looking them over; without it, only the README's picture is made. */
const wholePages = process.argv[2];
const VIEWS = [
  { name: "desktop", width: 1000, colorScheme: "light" },
  { name: "dark", width: 1000, colorScheme: "dark" },
  { name: "phone", width: 390, colorScheme: "light" },
];

/** Starts the project's own server and waits for its line. */
function serve() {
  const server = spawn(process.execPath, [join(root, "tools/serve.mjs")], {
    env: { ...process.env, PORT },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    server.once("exit", () => reject(new Error("The server did not start.")));
    server.stdout.on("data", (text) => {
      const address = /http:\/\/\S+/.exec(String(text))?.[0];
      if (address) resolve({ server, address });
    });
  });
}

async function pictures(page, subject, seeds) {
  const files = [];
  for (const seed of seeds) {
    const jpeg = await page.evaluate(draw, { subject, seed });
    files.push({
      name: `${subject}-${seed}.jpg`,
      mimeType: "image/jpeg",
      buffer: Buffer.from(jpeg, "base64"),
    });
  }
  return files;
}

const range = (from, count) =>
  Array.from({ length: count }, (_, i) => from + i);

async function addClass(page, subject, seeds) {
  await page.getByLabel("Class name").fill(subject);
  const files = await pictures(page, subject, seeds);
  await page.getByTestId("class-files").setInputFiles(files);
  await page
    .getByTestId("class-count")
    .and(
      page.locator(`[data-label="${subject}"][data-train="${seeds.length}"]`),
    )
    .waitFor();
}

/** Teaches balloons and boats on the CPU, and predicts two new pictures. */
async function useThePage(page) {
  await addClass(page, "balloons", range(1, 20));
  await addClass(page, "boats", range(101, 20));
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByTestId("accuracy").waitFor();
  const unseen = [
    ...(await pictures(page, "balloons", range(41, 1))),
    ...(await pictures(page, "boats", range(141, 1))),
  ];
  await page.getByTestId("predict-files").setInputFiles(unseen);
  await page.getByTestId("prediction").nth(1).waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  // Thumbnails are made when they come into view.
  for (const picture of await page.locator("canvas").all())
    await picture.scrollIntoViewIfNeeded();
  await page.waitForTimeout(500);
}

/** From the classes to the confusion matrix. */
async function pictureOfTheMiddle(page, path) {
  const top = await page.getByTestId("class-count").first().boundingBox();
  const bottom = await page.getByTestId("confusion").boundingBox();
  const scrolled = await page.evaluate(() => scrollY);
  const y = top.y + scrolled - 60;
  const height = bottom.y + bottom.height + scrolled + 24 - y;
  const { width } = page.viewportSize();
  await page.screenshot({
    path,
    fullPage: true,
    clip: { x: 0, y, width, height },
  });
}

const { server, address } = await serve();
let browser;
try {
  browser = await chromium.launch({
    executablePath: process.env.HEADSTART_CHROMIUM || undefined,
    args: ["--no-sandbox"],
  });
  for (const { name, width, colorScheme } of wholePages
    ? VIEWS
    : VIEWS.slice(0, 1)) {
    const viewport = { width, height: 860 };
    const page = await browser.newPage({ viewport, colorScheme });
    page.setDefaultTimeout(120_000);
    await page.goto(`${address}?backend=cpu`);
    await useThePage(page);
    if (wholePages)
      await page.screenshot({
        path: join(wholePages, `${name}.png`),
        fullPage: true,
      });
    if (name === "desktop")
      await pictureOfTheMiddle(page, join(here, "page.png"));
    await page.close();
  }
} finally {
  await browser?.close();
  server.kill();
}
