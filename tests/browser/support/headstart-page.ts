/** The page as a person uses it. */
import { expect, type Locator, type Page } from "@playwright/test";
import { filesOf } from "./inputs.js";

export class HeadstartPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(query = "?backend=cpu"): Promise<void> {
    await this.page.goto(`/${query}`);
    await expect(this.backend).toBeVisible();
  }

  get backend(): Locator {
    return this.page.getByTestId("backend");
  }

  get status(): Locator {
    return this.page.getByTestId("status");
  }

  get train(): Locator {
    return this.page.getByRole("button", { name: "Train", exact: true });
  }

  get accuracy(): Locator {
    return this.page.getByTestId("accuracy");
  }

  count(label: string): Locator {
    return this.page.locator(
      `[data-testid="class-count"][data-label="${label}"]`,
    );
  }

  async addFolder(folder: string): Promise<void> {
    await this.page.getByTestId("train-folder").setInputFiles(folder);
  }

  async addTestFolder(folder: string): Promise<void> {
    const details = this.page.getByText("Separate test photos");
    await details.click();
    await this.page.getByTestId("test-folder").setInputFiles(folder);
  }

  /** Hands pictures over for prediction. */
  async predict(photos: string[]): Promise<void> {
    await this.page.getByTestId("predict-files").setInputFiles(filesOf(photos));
  }

  /** Waits for the message that ends what is being done, and closes it. */
  async finish(message: RegExp, timeout?: number): Promise<string> {
    await expect(this.status).toContainText(message, { timeout });
    const text = (await this.status.innerText()).trim();
    await this.page.getByRole("button", { name: "Close" }).click();
    return text;
  }

  /** Presses Train and waits for the report. */
  async trainToEnd(timeout = 60_000): Promise<number> {
    await this.train.click();
    await this.finish(/Trained\./, timeout);
    return Number(await this.accuracy.getAttribute("data-value"));
  }
}
