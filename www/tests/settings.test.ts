import { expect, it } from "vitest";
import { readSettings } from "../src/settings";

const read = (query: string) =>
  readSettings(new URL(`http://localhost/page/${query}`));

it("reads what the address asks for", () => {
  expect(read("?backend=cpu&views=crops&weights=own.safetensors")).toEqual({
    backend: "cpu",
    views: "crops",
    weights: new URL("http://localhost/page/own.safetensors"),
  });
});

it("takes the usual where the address says nothing, or nothing that is known", () => {
  const usual = {
    backend: "auto",
    views: "centre",
    weights: new URL("http://localhost/page/weights/resnet18-int8.safetensors"),
  };
  expect(read("")).toEqual(usual);
  expect(read("?backend=gpu&views=center")).toEqual(usual);
});
