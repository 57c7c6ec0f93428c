/** Mistakes that must not compile: where one does, the compiler complains of the comment. */
import { Classifier, type ErrorCode } from "headstart";
import { Classifier as SlimClassifier } from "headstart/slim";

const weights = "/weights";

// @ts-expect-error The weights are missing.
await Classifier.create({});
// @ts-expect-error There is no such backend.
const classifier = await Classifier.create({ weights, backend: "gpu" });
// @ts-expect-error There are no such features.
await Classifier.create({ weights, features: "first" });
// @ts-expect-error There is no such option.
await Classifier.create({ weights, wieghts: weights });
// @ts-expect-error Only the slim entry point is told where its modules are.
await Classifier.create({ weights, wasm: { cpu: "/headstart.wasm" } });
// @ts-expect-error The slim entry point has to be told where its modules are.
await SlimClassifier.create({ weights });
// @ts-expect-error A worker is not an address.
await SlimClassifier.create({ weights, wasm: {}, worker: "/worker.js" });
// @ts-expect-error A classifier is created with `create`.
new Classifier({});
// @ts-expect-error The label is missing.
await classifier.add([new Blob()]);
// @ts-expect-error The label is missing.
await classifier.add([new Blob()], {});
// @ts-expect-error There is no such split.
await classifier.add([], { label: "ants", split: "validation" });
// @ts-expect-error An address is not an image.
await classifier.add(["/photo.jpg"], { label: "ants" });
// @ts-expect-error A group has a name.
await classifier.add([], { label: "ants", group: 7 });
// @ts-expect-error The images are no files, which the function takes.
await classifier.add([new Blob()], { label: "ants", group: nameOf });
// @ts-expect-error One image goes in brackets, too.
await classifier.predict(new Blob());
// @ts-expect-error There is no such method.
classifier.train({ method: "lasso" });
// @ts-expect-error `for await` it: training has no result of its own.
console.log((await classifier.train()).loss);
// @ts-expect-error The label may be null: none of the classes.
(await classifier.predict([new Blob()]))[0].label.toUpperCase();
// @ts-expect-error There is no such format.
await classifier.export("pth");
// @ts-expect-error A class or ids, not both.
await classifier.remove({ label: "ants", ids: [1] });
// @ts-expect-error What runs cannot be changed.
classifier.backend = { kind: "cpu", adapter: null, reason: "" };
// @ts-expect-error There is no such code.
export const code: ErrorCode = "OOPS";

function nameOf(file: File): string {
  return file.name;
}
