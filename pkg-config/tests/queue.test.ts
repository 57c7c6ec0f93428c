import { expect, it } from "vitest";
import { Queue } from "../src/worker/queue.js";
import { deferred } from "./fake/deferred.js";

it("runs one job at a time, in order", async () => {
  const queue = new Queue();
  const log: string[] = [];
  const gate = deferred();
  const first = queue.run(async () => {
    log.push("first starts");
    await gate.promise;
    log.push("first ends");
    return 1;
  });
  const second = queue.run(async () => {
    log.push("second");
    return 2;
  });
  await Promise.resolve();
  expect(log).toEqual(["first starts"]);
  gate.resolve();
  expect(await Promise.all([first, second])).toEqual([1, 2]);
  expect(log).toEqual(["first starts", "first ends", "second"]);
});

it("goes on after a job that fails", async () => {
  const queue = new Queue();
  const failed = queue.run(() => Promise.reject(new Error("no")));
  const next = queue.run(async () => "yes");
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe("yes");
});
