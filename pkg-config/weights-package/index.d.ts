/** The weights' address: pass it to `Classifier.create` as `weights`. */
export declare const weights: URL;
