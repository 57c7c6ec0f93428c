import { describe, expect, it } from "vitest";
import {
  asHeadstartError,
  fromPlain,
  HeadstartError,
  toPlain,
} from "../src/errors.js";
import { rustError } from "./fake/session.js";

const across = (thrown: unknown) => fromPlain(structuredClone(toPlain(thrown)));

describe("an error that crosses the worker boundary", () => {
  it("keeps its class, code, message and cause", () => {
    const cause = new TypeError("Failed to fetch");
    const error = across(
      new HeadstartError("WEIGHTS_MISSING", "No weights.", { cause }),
    );
    expect(error).toBeInstanceOf(HeadstartError);
    expect(error).toMatchObject({
      name: "HeadstartError",
      code: "WEIGHTS_MISSING",
      message: "No weights.",
      cause: { name: "TypeError", message: "Failed to fetch" },
    });
  });

  it("has no cause when there was none", () => {
    expect(
      across(new HeadstartError("CANCELLED", "Stopped.")).cause,
    ).toBeUndefined();
  });

  it("can have a cause that cannot be cloned", () => {
    const cause = () => "a function";
    expect(() =>
      across(new HeadstartError("INTERNAL", "x", { cause })),
    ).not.toThrow();
  });
});

describe("whatever is thrown", () => {
  it.each([
    ["TOO_FEW_CLASSES", "One class only."],
    ["IMAGES_OUTDATED", "Add the same files again."],
  ])("keeps the code %s that came from Rust", (code, message) => {
    const error = asHeadstartError(rustError(code, message));
    expect(error).toMatchObject({ code, message });
  });

  it.each([
    new TypeError("x is not a function"),
    "text",
    null,
    { code: "ENOENT", message: "m" },
  ])("is INTERNAL without a code of ours", (thrown) =>
    expect(asHeadstartError(thrown)).toMatchObject({
      code: "INTERNAL",
      cause: thrown,
    }),
  );
});
