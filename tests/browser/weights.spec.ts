/** Weights that are missing or wrong: each is told by code, by name and with what to do. */
import { weightsBytes } from "./support/inputs.js";
import { parse, write, type Contents } from "./support/safetensors.js";
import { expect, test } from "./support/test.js";
import type { Site } from "./support/site.js";

interface Case {
  title: string;
  /** Puts the weights on the site and gives their address. */
  serve: (site: Site) => string;
  code: string;
  /** What the message names, and the remedy. */
  says: RegExp[];
}

/** The right file with one thing changed. */
const changed = (change: (contents: Contents) => void) => (site: Site) => {
  const contents = parse(weightsBytes());
  change(contents);
  return site.put("/own/weights", write(contents));
};

const QUANTIZE = /headstart quantize/;
const ADDRESS = /\/own\/weights/;

const cases: Case[] = [
  {
    title: "not there",
    serve: (site) => `${site.url}/nowhere/weights`,
    code: "WEIGHTS_MISSING",
    says: [/404/, /\/nowhere\/weights/, /put the file there/],
  },
  {
    title: "on a server that does not answer",
    serve: () => "http://localhost:9/own/weights",
    code: "WEIGHTS_MISSING",
    says: [ADDRESS, /check the address and the connection/],
  },
  {
    title: "a web page",
    serve: (site) =>
      site.put("/own/weights", Buffer.from("<!doctype html>Hi"), "text/html"),
    code: "WEIGHTS_CORRUPT",
    says: [/web page/, ADDRESS, /put the file there/],
  },
  {
    title: "a web page under another name",
    serve: (site) =>
      site.put("/own/weights", Buffer.from("\n<html><body>Hi</body></html>")),
    code: "WEIGHTS_CORRUPT",
    says: [/web page/, ADDRESS, /put the file there/],
  },
  {
    title: "a truncated file",
    serve: (site) =>
      site.put("/own/weights", weightsBytes().subarray(0, 3_000_000)),
    code: "WEIGHTS_CORRUPT",
    says: [/weights file/, QUANTIZE],
  },
  {
    title: "a download that breaks off",
    serve: (site) =>
      site.put("/own/weights", (_, response) => {
        const bytes = weightsBytes();
        response.writeHead(200, { "content-length": bytes.length });
        response.write(bytes.subarray(0, 1_000_000), () => response.destroy());
      }),
    code: "WEIGHTS_CORRUPT",
    says: [/broke off/, ADDRESS, /try again/],
  },
  {
    title: "an empty file",
    serve: (site) => site.put("/own/weights", Buffer.alloc(0)),
    code: "WEIGHTS_CORRUPT",
    says: [/empty/, QUANTIZE],
  },
  {
    title: "of another version",
    serve: changed(({ metadata }) => (metadata.version = "99")),
    code: "WEIGHTS_UNSUPPORTED",
    says: [/version is 99/, QUANTIZE],
  },
  {
    title: "another safetensors file",
    serve: changed((contents) => (contents.metadata = {})),
    code: "WEIGHTS_UNSUPPORTED",
    says: [/not a quantized ResNet18/, QUANTIZE],
  },
  {
    title: "without one tensor",
    serve: changed(({ tensors }) => tensors.delete("fc.bias")),
    code: "WEIGHTS_CORRUPT",
    says: [/fc\.bias is missing/, QUANTIZE],
  },
  {
    title: "with a tensor too many",
    serve: changed(({ tensors }) =>
      tensors.set("fc.bias.copy", tensors.get("fc.bias")!),
    ),
    code: "WEIGHTS_CORRUPT",
    says: [/fc\.bias\.copy is not expected/, QUANTIZE],
  },
  {
    title: "with a tensor of another shape",
    serve: changed(({ tensors }) => {
      tensors.get("conv1.weight")!.shape = [64, 3, 49, 1];
    }),
    code: "WEIGHTS_CORRUPT",
    says: [/conv1\.weight/, /49/, QUANTIZE],
  },
  {
    title: "with a scale that is not finite",
    serve: changed(({ tensors }) => {
      const scale = tensors.get("conv1.scale")!;
      scale.data = Buffer.from(scale.data);
      scale.data.writeFloatLE(NaN, 0);
    }),
    code: "WEIGHTS_CORRUPT",
    says: [/conv1\.scale/, QUANTIZE],
  },
];

for (const { title, serve, code, says } of cases) {
  test(`weights: ${title}`, async ({ packagePage, site }) => {
    const failure = await packagePage.evaluate(
      (weights) =>
        window.failure(
          window.headstart.Classifier.create({ weights, backend: "cpu" }),
        ),
      serve(site),
    );
    expect(failure).toMatchObject({ name: "HeadstartError", code, own: true });
    for (const part of says) expect(failure!.message).toMatch(part);
    await expect.poll(() => packagePage.workers().length).toBe(0);
  });
}

test("a page can go on with right weights after wrong ones, from a buffer or a blob", async ({
  packagePage,
}) => {
  const result = await packagePage.evaluate(async () => {
    const { Classifier } = window.headstart;
    const wrong = new TextEncoder().encode("not weights at all").buffer;
    const failure = await window.failure(
      Classifier.create({ weights: wrong, backend: "cpu" }),
    );
    const buffer = await (await fetch("/weights")).arrayBuffer();
    const kinds: string[] = [];
    for (const weights of [buffer, new Blob([buffer])]) {
      const classifier = await Classifier.create({ weights, backend: "cpu" });
      kinds.push(classifier.backend.kind);
      classifier.dispose();
    }
    return { failure, kinds, left: buffer.byteLength };
  });
  expect(result.failure).toMatchObject({ code: "WEIGHTS_CORRUPT" });
  expect(result.kinds).toEqual(["cpu", "cpu"]);
  expect(result.left).toBeGreaterThan(11_000_000);
});
