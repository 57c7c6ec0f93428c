/** "Train deeper" in the page: what it says meanwhile, pausing, cancelling, and what the report says of it. */
import type { Page } from "@playwright/test";
import { HeadstartPage } from "./support/headstart-page.js";
import { photos } from "./support/inputs.js";
import { expect, test } from "./support/test.js";

/** Enough for two classes to have photos held out, and others set aside to decide by. */
const PHOTOS = 12;
const few = {
  checks: photos("train", "checks", PHOTOS),
  rings: photos("train", "rings", PHOTOS),
};
/** On the CPU, beside other work. */
const SLOW = 5 * 60_000;

/** The page with "Train deeper" in it. */
class DeeperPage extends HeadstartPage {
  readonly deeper = this.button("Train deeper");
  readonly pause = this.button("Pause");
  readonly goOn = this.button("Continue");
  readonly cancel = this.button("Cancel");
  readonly step = this.page.getByTestId("deeper-step");
  readonly timeLeft = this.page.getByTestId("time-left");
  readonly head = this.page.getByTestId("head");
  readonly result = this.page.getByTestId("deeper-result");

  private button(name: string) {
    return this.page.getByRole("button", { name, exact: true });
  }

  progress(name: RegExp) {
    return this.page.getByRole("progressbar", { name });
  }
}

/** Two classes, and a head trained in the ordinary way. */
async function taught(
  page: Page,
  folder: string,
): Promise<[DeeperPage, number]> {
  const headstart = new DeeperPage(page);
  await headstart.open();
  await headstart.addFolder(folder);
  await headstart.finish(/Added 24 photos/, 60_000);
  await expect(headstart.deeper).toHaveCount(0);
  const accuracy = await headstart.trainToEnd();
  return [headstart, accuracy];
}

test("training deeper shows how far it is, can be paused and cancelled, and leaves the head that was there", async ({
  page,
  makeFolder,
}) => {
  test.setTimeout(600_000);
  const [headstart, accuracy] = await taught(page, makeFolder("photos", few));
  const head = await headstart.head.innerText();

  await expect(headstart.deeper).toHaveAccessibleDescription(
    /takes minutes .* page must stay open/,
  );
  await headstart.deeper.click();
  await expect(headstart.step).toHaveText(
    /Looking at photo \d+ of \d+ from several sides/,
    { timeout: SLOW },
  );
  await headstart.pause.click();
  await expect(headstart.timeLeft).toHaveText("Paused");
  await headstart.goOn.click();
  await expect(headstart.timeLeft).not.toHaveText("Paused");

  await expect(headstart.step).toHaveText(/Learning, pass \d+ of 12/, {
    timeout: SLOW,
  });
  // Paused, it cannot come to its end before it is cancelled.
  await headstart.pause.click();
  await expect(headstart.goOn).toBeVisible();
  await expect(headstart.progress(/last layers/)).toBeVisible();
  await headstart.cancel.click();
  await headstart.finish(/Cancelled\./, 60_000);

  await expect(headstart.accuracy).toHaveAttribute(
    "data-value",
    String(accuracy),
  );
  await expect(headstart.head).toHaveText(head);
  await expect(headstart.result).toHaveCount(0);
  await expect(
    page.getByText("with the head that was fitted to it first"),
  ).toBeVisible();
  await expect(headstart.deeper).toBeEnabled();
});

test("training deeper ends with the network that the photos set aside speak for", async ({
  page,
  makeFolder,
}) => {
  test.setTimeout(600_000);
  const [headstart] = await taught(page, makeFolder("photos", few));

  await headstart.deeper.click();
  const said = await headstart.finish(
    /Trained deeper\.|Going deeper brought no clear gain/,
    8 * 60_000,
  );
  const kept = said.startsWith("Trained deeper");
  await expect(headstart.result).toHaveAttribute("data-kept", String(kept));
  await expect(headstart.result).toContainText(
    kept
      ? "In use: the network trained deeper"
      : "In use: the network as it is",
  );
  for (const name of ["The network as it is", "Trained deeper"])
    await expect(
      headstart.result.getByRole("row", { name: new RegExp(`^${name}`) }),
    ).toHaveText(/\d+\.\d %\s*\d+\.\d{3}/);
  await expect(headstart.result).toContainText(
    /log loss is (lower|higher) by \d+\.\d{3} ± \d+\.\d{3}/,
  );
  await expect(
    page.getByRole("img", {
      name: /^After pass \d+ of training deeper: training loss .* validation loss \d/,
    }),
  ).toBeVisible();
  console.log(
    `finetune: ${said} ${(await headstart.result.innerText()).replace(/\s+/g, " ")}`,
  );

  // The same photos would only give the same result.
  await expect(headstart.deeper).toHaveCount(0);
  await headstart.predict(photos("val", "rings", 1));
  await headstart.finish(/Predicted 1 photo\b/);
  await expect(page.getByTestId("prediction")).toHaveCount(1);
});
