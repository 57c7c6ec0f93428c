/** What "Train deeper" does and what came of it, in sentences. */

import type { Finetuning, Method, Report, TrainStep } from "headstart";
import { count, percent } from "./format";

/** What goes on, for as long as the phase lasts. */
export function titleOfDeeper({ phase }: TrainStep): string {
  return phase === "views"
    ? "Looking at the photos from several sides"
    : "Teaching the network’s last layers";
}

/** And how far it is. */
export function describeDeeperStep({
  phase,
  epoch,
  epochs,
}: TrainStep): string {
  const all = epochs === null ? "" : ` of ${epochs.toLocaleString("en")}`;
  const reached = `${epoch.toLocaleString("en")}${all}`;
  return phase === "views"
    ? `Looking at photo ${reached} from several sides`
    : `Learning, pass ${reached}`;
}

/** `seconds` are those of the step's phase: how long learning takes is not known before it has begun. */
export function describeTimeLeft(
  { phase }: TrainStep,
  seconds: number | null,
): string {
  if (seconds === null) return "Estimating the time left";
  const minutes = Math.round(seconds / 60);
  const left =
    minutes < 1
      ? "Less than a minute left"
      : `About ${count(minutes, "minute")} left`;
  return phase === "views" ? `${left}, then it learns` : left;
}

/** Which network is in use, and why. */
export function describeDeeper({ kept }: Finetuning): string {
  return kept
    ? "In use: the network trained deeper. The photos set aside speak for it."
    : "In use: the network as it is. On the photos set aside, training deeper brought no clear gain, so its result was dropped.";
}

/** By how much the photos set aside speak for one or the other. */
export function describeGain({ gain, gainError }: Finetuning): string {
  const size = `${Math.abs(gain).toFixed(3)} ± ${gainError.toFixed(3)}`;
  return `Trained deeper, the log loss is ${gain < 0 ? "higher" : "lower"} by ${size}.`;
}

/** The message at a training's end. */
export function describeTrained(
  { accuracy, tested, finetune }: Report,
  method: Method | undefined,
): string {
  const right = `${percent(accuracy)} of ${count(tested, "held-out photo")} right.`;
  if (method !== "finetune") return `Trained. ${right}`;
  if (!finetune)
    return `Trained, but not deeper: that could not be finished, so the network stays as it is. ${right}`;
  return finetune.kept
    ? `Trained deeper. ${right}`
    : `Trained. Going deeper brought no clear gain, so the network stays as it is. ${right}`;
}
