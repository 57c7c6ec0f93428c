/** The licences of what the page is made of are a click away, and what the user has done stays. */
import { expect, test } from "@playwright/test";

test("links to third-party notices of modules, package and page, in a tab of their own", async ({
  page,
  context,
}) => {
  await page.goto("/?backend=cpu");
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Licences of the software" }).click();
  const text = (await opened).locator("body");
  await expect(text).toContainText("Headstart is licensed under");
  for (const work of ["safetensors", "Rust's standard library", "svelte"])
    await expect(text).toContainText(new RegExp(`\\n${work} \\d+\\.\\d+`));
  await expect(text).toContainText("Permission is hereby granted");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});
