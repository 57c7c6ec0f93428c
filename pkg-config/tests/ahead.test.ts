import { describe, expect, it } from "vitest";
import { messageOf } from "../src/errors.js";
import { ahead } from "../src/worker/ahead.js";
import { deferred } from "./fake/deferred.js";

describe("working ahead", () => {
  it("begins the next item before it hands one out, and no more", async () => {
    const begun: number[] = [];
    const taken: [number, number[]][] = [];
    const start = async (item: number) => void begun.push(item);
    for await (const [item] of ahead([1, 2, 3], start)) {
      taken.push([item, [...begun]]);
    }
    expect(taken).toEqual([
      [1, [1, 2]],
      [2, [1, 2, 3]],
      [3, [1, 2, 3]],
    ]);
  });

  it("tells whoever takes a failed item, and goes on", async () => {
    const start = async (item: number) => {
      if (item === 2) throw new Error("two");
      return item;
    };
    const results = [];
    for await (const [, result] of ahead([1, 2, 3], start)) {
      results.push(await result.catch(messageOf));
    }
    expect(results).toEqual([1, "two", 3]);
  });

  it.each([
    ["what was handed out", 1],
    ["what was begun after it", 2],
  ])("waits for %s when the loop is left", async (_, slow) => {
    const gate = deferred();
    let left = false;
    const leave = async () => {
      const start = (item: number) =>
        item === slow ? gate.promise : Promise.resolve();
      for await (const [item] of ahead([1, 2, 3], start)) {
        expect(item).toBe(1);
        break;
      }
      left = true;
    };
    const leaving = leave();
    await new Promise((resolve) => setTimeout(resolve));
    expect(left).toBe(false);
    gate.resolve();
    await leaving;
    expect(left).toBe(true);
  });

  it("has nothing to do without items", async () => {
    const start = () => Promise.reject(new Error("never called"));
    for await (const item of ahead([], start)) expect(item).toBeUndefined();
  });
});
