/** What the report's findings mean, in sentences. */

import type {
  Calibration,
  Groups,
  HeadSummary,
  LearningCurve,
  NearDuplicates,
  TrainPhase,
  Views,
} from "headstart";
import { brief, count, percent } from "./format";

/** What is being done in a training. */
export function describePhase(phase: TrainPhase): string {
  switch (phase) {
    case "choosing l2":
      return "Trying how strongly to hold the head’s weights down, on parts of the training photos.";
    case "learning curve":
      return "Learning from fewer of the training photos, to tell whether more would help.";
    case "fit":
      return "Fitting the head to all training photos.";
    case "comparing":
      return "Comparing the held-out photos with the training photos, to tell which would be refused.";
    case "views":
      return "Looking at the photos from several sides: that is what the network’s last layers learn from.";
    case "finetune":
      return "The network’s last layers and the head learn together, for as long as it helps on training photos that are only watched.";
  }
}

/** Which head was trained. The page leaves L-BFGS's penalty to the package, which chooses it where it can. */
export function describeHead(head: HeadSummary): string {
  const { method, balanced, fewImages, lastStage, views, features } = head;
  const l2 = brief(head.l2);
  const sentences: string[] = [];
  if (method === "finetune") {
    sentences.push(
      "A linear head that learned together with the network’s last layers.",
    );
  } else if (method !== "lbfgs") {
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
  if (lastStage)
    sentences.push(
      `A second one, on the network’s last stage alone (L2 ${brief(lastStage.l2)}), counts for ${percent(lastStage.share)}.`,
    );
  if (features === "last")
    sentences.push("Of the network, only the last stage’s features were used.");
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

/** Photos that were given a common group, by the folders that they came in. */
export function describeGroups({ groups, images, setAside }: Groups): string {
  const sentences = [
    `${count(images, "photo")} came in ${count(groups, "group")}, each of which is kept together.`,
  ];
  if (setAside > 0)
    sentences.push(
      `${count(setAside, "held-out photo")} of these ${setAside === 1 ? "was" : "were"} left out of the test: the head had learned from others of the same group.`,
    );
  return sentences.join(" ");
}
