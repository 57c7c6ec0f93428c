import type { TrainPhase, TrainStep } from "headstart";
import { expect, it } from "vitest";
import { Pace } from "../src/pace";

const step = (phase: TrainPhase, done: number | null): TrainStep => ({
  epoch: 1,
  epochs: 12,
  phase,
  loss: 0,
  trainAccuracy: null,
  validationLoss: null,
  validationAccuracy: null,
  l2: null,
  done,
});

it("tells the time left by the time since the phase's first step", () => {
  const pace = new Pace();
  // What came before the first step does not count.
  expect(pace.secondsLeft(step("views", 0.1), 60_000)).toBeNull();
  expect(pace.secondsLeft(step("views", 0.3), 70_000)).toBeCloseTo(35);
  expect(pace.secondsLeft(step("views", 1), 105_000)).toBe(0);
});

it("tells nothing too early, without progress, and of phases that do not say how far they are", () => {
  const pace = new Pace();
  pace.secondsLeft(step("finetune", 0), 0);
  expect(pace.secondsLeft(step("finetune", 0.1), 1000)).toBeNull();
  expect(pace.secondsLeft(step("finetune", 0), 10_000)).toBeNull();
  expect(pace.secondsLeft(step("fit", null), 10_000)).toBeNull();
});

it("begins anew with each phase", () => {
  const pace = new Pace();
  pace.secondsLeft(step("views", 0), 0);
  pace.secondsLeft(step("views", 1), 100_000);
  expect(pace.secondsLeft(step("finetune", 0), 110_000)).toBeNull();
  expect(pace.secondsLeft(step("finetune", 0.5), 120_000)).toBeCloseTo(10);
});

it("leaves out time that was skipped", () => {
  const pace = new Pace();
  pace.secondsLeft(step("views", 0), 0);
  pace.skip(90_000);
  expect(pace.secondsLeft(step("views", 0.5), 100_000)).toBeCloseTo(10);
});
