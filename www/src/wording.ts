/** What the report's findings mean, in sentences. */

import type {
  Calibration,
  HeadSummary,
  LearningCurve,
  NearDuplicates,
  Views,
} from "headstart";
import { count } from "./format";

/** Which head was trained. The page leaves L-BFGS's penalty to the package, which chooses it where it can. */
export function describeHead(head: HeadSummary): string {
  const { method, l2, balanced, fewImages, views } = head;
  const sentences: string[] = [];
  if (method !== "lbfgs") {
    sentences.push(
      `A linear head, trained with ${method === "adam" ? "Adam" : "SGD"} in mini-batches.`,
    );
  } else if (fewImages) {
    sentences.push(
      `Logistic regression, L2 ${l2}. Of one class at least there are too few different photos to choose by, so a strong penalty was used.`,
    );
  } else {
    sentences.push(`Logistic regression, L2 ${l2} chosen by cross-validation.`);
  }
  if (balanced)
    sentences.push("Every class counts alike, however many photos it has.");
  if (views !== "centre")
    sentences.push(`Of each photo, ${VIEWS[views]} were looked at.`);
  return sentences.join(" ");
}

const VIEWS: Record<Exclude<Views, "centre">, string> = {
  flip: "the centre and its mirror image",
  crops: "the centre, a closer crop, and the mirror images of both",
};

export function answerMorePhotos({ morePhotos }: LearningCurve): string {
  switch (morePhotos) {
    case "likely":
      return "Probably yes: accuracy still rises with the number of photos.";
    case "unlikely":
      return "Probably not much: accuracy hardly rises any more.";
    case "unclear":
      return "It cannot be told: these differences may be chance.";
  }
}

/** What temperature scaling did to the probabilities. */
export function describeTemperature({ temperature }: Calibration): string {
  const rounded = temperature.toFixed(2);
  if (rounded === "1.00")
    return "The head was about as sure as it should be, so its probabilities stay as they were (temperature 1.00).";
  return temperature > 1
    ? `The head was too sure of itself, so its probabilities are drawn together (temperature ${rounded}).`
    : `The head was too timid, so its probabilities are spread apart (temperature ${rounded}).`;
}

export function describeNearDuplicates(found: NearDuplicates): string {
  const { groups, images, setAside } = found;
  const sentences = [
    `${count(images, "photo")} in ${count(groups, "group")} look nearly the same.`,
  ];
  if (setAside > 0)
    sentences.push(
      `${count(setAside, "held-out photo")} of these ${setAside === 1 ? "was" : "were"} left out of the test: the head had learned from a near-duplicate, so getting ${setAside === 1 ? "it" : "them"} right would prove little.`,
    );
  return sentences.join(" ");
}
