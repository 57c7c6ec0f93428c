import { Classifier } from "headstart";

export const load = async () => ({ onServer: await Classifier.support() });
