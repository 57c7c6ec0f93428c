import type { Finetuning, Report, TrainPhase, TrainStep } from "headstart";
import { expect, it } from "vitest";
import {
  describeDeeper,
  describeDeeperStep,
  describeGain,
  describeTimeLeft,
  describeTrained,
  titleOfDeeper,
} from "../src/deeper-wording";

const step = (
  phase: TrainPhase,
  epoch: number,
  epochs: number | null,
): TrainStep => ({
  ...{ epoch, epochs, phase, loss: 0, trainAccuracy: null, l2: null },
  ...{ validationLoss: null, validationAccuracy: null, done: 0 },
});
const views = step("views", 12, 1250);
const learning = step("finetune", 3, 12);

const kept: Finetuning = {
  kept: true,
  images: 50,
  frozen: { accuracy: 0.9, logLoss: 0.3 },
  tuned: { accuracy: 0.94, logLoss: 0.2 },
  gain: 0.1,
  gainError: 0.0412,
  bestEpoch: 5,
  epochs: 11,
};
const dropped: Finetuning = { ...kept, kept: false, gain: -0.02 };

it("says what goes on and how far it is", () => {
  expect(titleOfDeeper(views)).toMatch(/from several sides$/);
  expect(titleOfDeeper(learning)).toMatch(/last layers$/);
  expect(describeDeeperStep(views)).toBe(
    "Looking at photo 12 of 1,250 from several sides",
  );
  expect(describeDeeperStep(learning)).toBe("Learning, pass 3 of 12");
  expect(describeDeeperStep(step("finetune", 3, null))).toBe(
    "Learning, pass 3",
  );
});

it.each([
  [null, "Estimating the time left"],
  [12, "Less than a minute left"],
  [62, "About 1 minute left"],
  [245, "About 4 minutes left"],
])("says of %s seconds: %s", (seconds, says) => {
  expect(describeTimeLeft(learning, seconds)).toBe(says);
});

it("says that looking at the photos is not all", () => {
  expect(describeTimeLeft(views, 120)).toBe(
    "About 2 minutes left, then it learns",
  );
});

it("says which network is in use, and by how much", () => {
  expect(describeDeeper(kept)).toMatch(/^In use: the network trained deeper\./);
  expect(describeDeeper(dropped)).toMatch(/^In use: the network as it is\./);
  expect(describeGain(kept)).toBe(
    "Trained deeper, the log loss is lower by 0.100 ± 0.041.",
  );
  expect(describeGain(dropped)).toContain("higher by 0.020 ± 0.041");
});

it("says at the end what came of it", () => {
  const trained = (finetune: Finetuning | null) =>
    ({ accuracy: 0.95, tested: 40, finetune }) as Report;
  const right = "95.0 % of 40 held-out photos right.";
  expect(describeTrained(trained(null), undefined)).toBe(`Trained. ${right}`);
  expect(describeTrained(trained(kept), "finetune")).toBe(
    `Trained deeper. ${right}`,
  );
  expect(describeTrained(trained(dropped), "finetune")).toMatch(
    /^Trained\. .*no clear gain/,
  );
  expect(describeTrained(trained(null), "finetune")).toMatch(
    /^Trained, but not deeper/,
  );
});
