/** Decoded pixels against Pillow's, and what becomes of files that the browser cannot decode. */
import type { Page } from "@playwright/test";
import { decode } from "./support/decoder.js";
import {
  crop,
  decodable,
  differenceOf,
  fixtureBytes,
  pngOf,
  referenceOf,
  urlOfFixture,
} from "./support/references.js";
import type { Site } from "./support/site.js";
import { create, expect, test } from "./support/test.js";
import { distance } from "./support/vectors.js";

/** Its first frame covers only a part of it: tested apart. */
const PARTIAL = "gif-offset.gif";

interface Format {
  format: string;
  files: RegExp;
  /** How far from Pillow a pixel may be, in levels of 255; docs/formats.md says the same. */
  max: number;
  /** And how far on average. */
  mean: number;
  why: string;
}

const FORMATS: Format[] = [
  {
    format: "PNG, APNG, GIF, BMP, ICO and lossless WebP",
    files: /^(a?png|gif|bmp|ico|webp-(?!lossy))/,
    max: 0,
    mean: 0,
    why: "the format says what each pixel is",
  },
  {
    format: "JPEG",
    files: /^jpeg-(?!cmyk|ycck)/,
    max: 2,
    mean: 0.25,
    why: "decoders may round the cosine transform and the colours in their own way",
  },
  {
    format: "CMYK JPEG",
    files: /^jpeg-(cmyk|ycck)/,
    max: 2,
    mean: 0.75,
    why: "ink times black is rounded by Pillow and truncated by Chromium",
  },
  {
    format: "lossy WebP",
    files: /^webp-lossy/,
    max: 2,
    mean: 0.25,
    why: "how chroma is scaled up and rounded is the decoder's choice",
  },
  {
    // A browser without AVIF fails here, since its files are then refused.
    format: "AVIF",
    files: /^avif/,
    max: 2,
    mean: 0.25,
    why: "how chroma is scaled up and rounded is the decoder's choice",
  },
];

const JPEG_XL: Format = {
  format: "JPEG XL",
  files: /^jxl/,
  max: 2,
  mean: 0.75,
  why: "decoders may round the transforms and the colours in their own way",
};

const compared = decodable.filter((name) => name !== PARTIAL);

async function compare(
  page: Page,
  site: Site,
  { format, files, max, mean, why }: Format,
): Promise<void> {
  const names = compared.filter((name) => files.test(name));
  expect(names).not.toEqual([]);
  const images = await decode(page, site, names.map(urlOfFixture));
  const differences = images.map((image, i) =>
    differenceOf(image, referenceOf(names[i]!)),
  );
  const worst = (of: "max" | "mean") =>
    Math.max(...differences.map((difference) => difference[of]));
  console.log(
    `decoding, ${format}: ${names.length} files, at most ${worst("max")} levels from Pillow ` +
      `(${max} allowed), on average at most ${worst("mean").toFixed(3)} (${mean}): ${why}`,
  );
  for (const [i, difference] of differences.entries()) {
    expect(difference.max, names[i]).toBeLessThanOrEqual(max);
    expect(difference.mean, names[i]).toBeLessThanOrEqual(mean);
  }
}

for (const format of FORMATS) {
  test(`${format.format}: the pixels are Pillow's`, async ({
    packagePage,
    site,
  }) => {
    await compare(packagePage, site, format);
  });
}

test("JPEG XL: the pixels are Pillow's, or the file is refused where the browser has no JPEG XL", async ({
  packagePage,
  site,
}) => {
  const file = urlOfFixture("jxl-lossless.jxl");
  const known = await packagePage.evaluate(async (url) => {
    const [file] = await window.files([url]);
    return (await window.failure(createImageBitmap(file!))) === null;
  }, file);
  if (known) return compare(packagePage, site, JPEG_XL);
  console.log("decoding, JPEG XL: this browser does not have it");
  await expect(decode(packagePage, site, [file])).rejects.toThrow(
    /JPEG XL image, which this browser does not know/,
  );
});

test("every file is compared under one of the formats", () => {
  for (const name of compared) {
    const formats = [...FORMATS, JPEG_XL].filter(({ files }) =>
      files.test(name),
    );
    expect(formats, name).toHaveLength(1);
  }
});

test("a GIF is black where its first frame leaves the canvas empty", async ({
  packagePage,
  site,
}) => {
  const [image] = await decode(packagePage, site, [urlOfFixture(PARTIAL)]);
  const frame = [8, 8, { width: 24, height: 20 }] as const;
  const inside = crop(image!, ...frame);
  expect(differenceOf(inside, crop(referenceOf(PARTIAL), ...frame)).max).toBe(
    0,
  );
  for (const left of [0, 32]) {
    const outside = crop(image!, left, 0, { width: 8, height: 32 });
    expect(Math.max(...outside.data)).toBe(0);
  }
});

test("an image in any format has the embedding of Pillow's pixels", async ({
  packagePage,
  site,
}) => {
  const names = [
    "jpeg-orientation-6.jpg",
    "jpeg-progressive.jpg",
    "png-grey-16bit.png",
    "png-palette-alpha.png",
    "webp-orientation-7.webp",
    "avif-animated.avif",
  ];
  for (const name of names)
    site.put(`/reference/${name}.png`, pngOf(referenceOf(name)));
  await create(packagePage);
  const embed = (urls: string[]) =>
    packagePage.evaluate(
      async (urls) => window.embed(window.classifier, await window.files(urls)),
      urls,
    );
  const embeddings = await embed(names.map(urlOfFixture));
  const references = await embed(names.map((name) => `/reference/${name}.png`));
  const distances = embeddings.map((embedding, i) =>
    distance(embedding, references[i]!),
  );
  console.log(
    `decoding: embeddings of ${names.length} files at most ` +
      `${Math.max(...distances).toExponential(1)} (relative L2) from those of Pillow's pixels`,
  );
  // A relative distance of 0.014 is a cosine of 0.9999.
  for (const [i, each] of distances.entries())
    expect(each, names[i]).toBeLessThanOrEqual(0.014);
});

const SAVE = "Save it again as JPEG or PNG.";

/** What is said of each after its name. */
const UNDECODABLE: Record<string, string> = {
  "photo.tif": `it is a TIFF image or a camera's raw file. ${SAVE}`,
  "photo.dng": `it is a TIFF image or a camera's raw file. ${SAVE}`,
  "photo.cr3": `it is a camera's raw file. ${SAVE}`,
  "photo.heic":
    "it is a HEIC image. Save it again as JPEG or PNG; an iPhone takes JPEGs after Settings > Camera > Formats > Most Compatible.",
  "renamed.jpg":
    "it is a HEIC image. Save it again as JPEG or PNG; an iPhone takes JPEGs after Settings > Camera > Formats > Most Compatible.",
  "photo.jp2": `it is a JPEG 2000 image. ${SAVE}`,
  "photo.psd": `it is a Photoshop document. ${SAVE}`,
  "photo.pdf": "it is a PDF document. Save its picture or page as JPEG or PNG.",
  "photo.svg": "it is an SVG drawing. Export it as JPEG or PNG.",
  "photo.tga": `it is a Targa image. ${SAVE}`,
  "photo.ppm": `it is a Netpbm image. ${SAVE}`,
  "photo.mp4": "it is a video. Save a picture of it as JPEG or PNG.",
  "page.jpg":
    "it is a web page. Save the image itself instead of the page around it, as JPEG or PNG.",
  "cut.avif": `it is an AVIF image, which this browser does not know or which is damaged. ${SAVE}`,
  "cut.jxl": `it is a JPEG XL image, which this browser does not know or which is damaged. ${SAVE}`,
  "cut.png":
    "it is a PNG image that is damaged or cut short. Copy it again from where it came from, or save it again as JPEG or PNG.",
};

test("files that no browser can decode are told with format and remedy, and the others are added", async ({
  packagePage,
  site,
}) => {
  site.put("/own/cut.avif", fixtureBytes("avif-444.avif").subarray(0, 200));
  site.put("/own/cut.jxl", fixtureBytes("jxl-lossy.jxl").subarray(0, 200));
  site.put("/own/cut.png", fixtureBytes("png-rgb.png").subarray(0, 60));
  const names = Object.keys(UNDECODABLE);
  const bad = names.map((name) =>
    name.startsWith("cut") ? `/own/${name}` : urlOfFixture(name),
  );
  const good = ["jpeg-444.jpg", "png-rgba.png"].map(urlOfFixture);
  await create(packagePage);
  const { added, classes, failures } = await packagePage.evaluate(
    async ({ bad, good }) => {
      const { classifier } = window;
      const [first, last] = await window.files(good);
      const files = await window.files(bad);
      const added = await classifier.add([first!, ...files, last!], {
        label: "pictures",
      });
      const failures = [];
      for (const file of files)
        failures.push(await window.failure(classifier.embed([file])));
      return { added, classes: classifier.classes, failures };
    },
    { bad, good },
  );
  expect(added.rejected).toEqual(
    Object.entries(UNDECODABLE).map(([name, says]) => ({
      name,
      code: "IMAGE_UNDECODABLE",
      reason: `${name} cannot be decoded by this browser: ${says}`,
    })),
  );
  expect(added).toMatchObject({ added: 2, duplicates: [] });
  expect(classes).toMatchObject([{ label: "pictures" }]);
  for (const [i, { code, reason }] of added.rejected.entries())
    expect(failures[i]).toMatchObject({ code, message: reason, own: true });
});

test("an SVG is refused under its own type too", async ({ packagePage }) => {
  await create(packagePage);
  const failure = await packagePage.evaluate(async (url) => {
    const response = await fetch(url);
    const type = "image/svg+xml";
    const file = new File([await response.blob()], "drawing.svg", { type });
    return window.failure(window.classifier.embed([file]));
  }, urlOfFixture("photo.svg"));
  expect(failure).toMatchObject({ code: "IMAGE_UNDECODABLE", own: true });
  expect(failure!.message).toContain("it is an SVG drawing");
});
