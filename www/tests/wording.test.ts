import type { HeadSummary, TrainPhase } from "headstart";
import { expect, it } from "vitest";
import {
  answerMorePhotos,
  describeGroups,
  describeHead,
  describeNearDuplicates,
  describePhase,
  describeTemperature,
} from "../src/wording";

const head: HeadSummary = {
  method: "lbfgs",
  l2: 0.01,
  lastStage: null,
  balanced: false,
  scaling: "shrunken",
  fewImages: false,
  converged: true,
  views: "centre",
  features: "all",
};

it.each<[Partial<HeadSummary>, string]>([
  [{}, "Logistic regression, L2 0.01 chosen by cross-validation."],
  [
    { l2: 0.1, fewImages: true },
    "Logistic regression, L2 0.1. Of one class at least there are too few different photos to choose by, so a strong penalty was used.",
  ],
  [
    { method: "sgd", l2: 0, scaling: null, fewImages: true },
    "A linear head, trained with SGD in mini-batches.",
  ],
  [
    { method: "finetune", scaling: null },
    "A linear head that learned together with the network’s last layers.",
  ],
  [
    { l2: 0.0316227766, lastStage: { l2: 0.1, share: 0.4 } },
    "Logistic regression, L2 0.0316 chosen by cross-validation. A second one, on the network’s last stage alone (L2 0.1), counts for 40.0 %.",
  ],
  [
    { features: "last" },
    "Logistic regression, L2 0.01 chosen by cross-validation. Of the network, only the last stage’s features were used.",
  ],
  [
    { balanced: true, views: "flip" },
    "Logistic regression, L2 0.01 chosen by cross-validation. Every class counts alike, however many photos it has. Of each photo, the centre and its mirror image were looked at.",
  ],
])("describes the head %o", (changes, sentences) => {
  expect(describeHead({ ...head, ...changes })).toBe(sentences);
});

it("answers whether more photos would help", () => {
  const answers = (["likely", "unlikely", "unclear"] as const).map(
    (morePhotos) => answerMorePhotos({ points: [], morePhotos }),
  );
  expect(answers[0]).toMatch(/^Probably yes/);
  expect(answers[1]).toMatch(/^Probably not/);
  expect(answers[2]).toMatch(/^It cannot be told/);
});

it.each([
  [1.42, /too sure .*\(temperature 1\.42\)/],
  [0.8, /too timid, .*\(temperature 0\.80\)/],
  [1.004, /about as sure as it should be/],
])("says what a temperature of %f means", (temperature, says) => {
  const calibration = { temperature, fittedOn: 20, before: 0.1, after: 0.05 };
  expect(describeTemperature(calibration)).toMatch(says);
});

it("says how many near-duplicates there are, and why some are not in the test", () => {
  const found = { groups: 3, images: 7, conflicts: [] };
  const none = describeNearDuplicates({ ...found, setAside: 0 });
  expect(none).toBe("7 photos in 3 groups look nearly the same.");
  const some = describeNearDuplicates({ ...found, setAside: 2 });
  expect(some).toContain("2 held-out photos of these were left out");
  const one = describeNearDuplicates({ ...found, setAside: 1 });
  expect(one).toContain("1 held-out photo of these was left out");
});

it.each<[TrainPhase, RegExp]>([
  ["choosing l2", /how strongly to hold/],
  ["learning curve", /fewer of the training photos/],
  ["fit", /Fitting the head/],
  ["comparing", /Comparing the held-out photos/],
  ["views", /from several sides/],
  ["finetune", /last layers and the head learn/],
])("says what is done in the phase %s", (phase, says) => {
  expect(describePhase(phase)).toMatch(says);
});

it("says how many groups came, and why some photos of them are not in the test", () => {
  const found = { groups: 2, images: 9, suspected: null };
  expect(describeGroups({ ...found, setAside: 0 })).toBe(
    "9 photos came in 2 groups, each of which is kept together.",
  );
  expect(describeGroups({ ...found, setAside: 1 })).toContain(
    "1 held-out photo of these was left out of the test",
  );
});
