/** Which format a file has, by its content: its name and type may be wrong. */
import { ascii, brandsOf, startsWith } from "./bytes.js";

export interface Format {
  /** Set for the formats that are treated in a way of their own. */
  kind?: "jpeg" | "png" | "gif" | "webp" | "avif";
  /** What to call such a file, with its article. */
  what: string;
  /** How to get an image that can be used. The default is to save it again. */
  remedy?: string;
  matches: (bytes: Uint8Array) => boolean;
}

const start =
  (...text: string[]) =>
  (bytes: Uint8Array) =>
    text.some((each) => startsWith(bytes, each));

const brand =
  (...brands: string[]) =>
  (bytes: Uint8Array) =>
    brandsOf(bytes).some((each) => brands.includes(each));

const SAVE = "Save it again as JPEG or PNG";
/** For formats that every browser decodes: it is the file that is wrong, not the browser. */
const damaged = (name: string) => ({
  what: `${name} image that is damaged or cut short`,
  remedy: `Copy it again from where it came from, or save it again as JPEG or PNG.`,
});

/** For formats that some browsers decode: which of the two is wrong cannot be told. */
const unknown = (name: string) => ({
  what: `${name} image, which this browser does not know or which is damaged`,
});

/** The first that matches counts. */
const FORMATS: Format[] = [
  { kind: "jpeg", ...damaged("a JPEG"), matches: start("\xff\xd8\xff") },
  { kind: "png", ...damaged("a PNG"), matches: start("\x89PNG\r\n\x1a\n") },
  { kind: "gif", ...damaged("a GIF"), matches: start("GIF87a", "GIF89a") },
  {
    kind: "webp",
    ...damaged("a WebP"),
    matches: (bytes) =>
      startsWith(bytes, "RIFF") && ascii(bytes, 8, 4) === "WEBP",
  },
  {
    kind: "avif",
    ...unknown("an AVIF"),
    matches: brand("avif", "avis"),
  },
  {
    what: "a HEIC image",
    remedy: `${SAVE}; an iPhone takes JPEGs after Settings > Camera > Formats > Most Compatible.`,
    matches: brand("heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"),
  },
  { what: "a camera's raw file", matches: brand("crx ") },
  {
    what: "a camera's raw file",
    matches: start("FUJIFILMCCD-RAW", "IIRO", "IIRS", "MMOR", "IIU\0"),
  },
  {
    what: "a TIFF image or a camera's raw file",
    matches: start("II*\0", "MM\0*", "II+\0", "MM\0+"),
  },
  {
    what: "a JPEG 2000 image",
    matches: start("\0\0\0\x0cjP  \r\n\x87\n", "\xff\x4f\xff\x51"),
  },
  {
    ...unknown("a JPEG XL"),
    matches: start("\xff\x0a", "\0\0\0\x0cJXL \r\n\x87\n"),
  },
  { what: "a JPEG XR image", matches: start("II\xbc") },
  { what: "a Photoshop document", matches: start("8BPS") },
  {
    what: "a PDF document",
    remedy: "Save its picture or page as JPEG or PNG.",
    matches: start("%PDF-"),
  },
  {
    what: "an SVG drawing",
    remedy: "Export it as JPEG or PNG.",
    matches: (bytes) => /^(<\?xml[^]*?)?<svg\b/.test(markup(bytes)),
  },
  {
    what: "a web page",
    remedy:
      "Save the image itself instead of the page around it, as JPEG or PNG.",
    matches: (bytes) => /^<(!doctype html|html)\b/i.test(markup(bytes)),
  },
  { what: "a Netpbm image", matches: (bytes) => /^P[1-7]\s/.test(text(bytes)) },
  {
    what: "a Targa image",
    // Its beginning has no mark of its own; its end does.
    matches: (bytes) =>
      ascii(bytes, bytes.length - 18, 18) === "TRUEVISION-XFILE.\0",
  },
  {
    what: "a video",
    remedy: "Save a picture of it as JPEG or PNG.",
    matches: (bytes) =>
      // What else has such brands holds films; then Matroska and WebM, and AVI.
      brandsOf(bytes).length > 0 ||
      startsWith(bytes, "\x1a\x45\xdf\xa3") ||
      (startsWith(bytes, "RIFF") && ascii(bytes, 8, 4) === "AVI "),
  },
  // Last, for they are short.
  { ...damaged("a BMP"), matches: start("BM") },
  { ...damaged("an ICO"), matches: start("\0\0\x01\0") },
];

export function formatOf(bytes: Uint8Array): Format | undefined {
  return FORMATS.find(({ matches }) => matches(bytes));
}

/** What is wrong with a file that the browser cannot decode, and what to do about it. */
export function explain(format: Format | undefined): string {
  const what = format?.what ?? "no image of a format known here";
  return `it is ${what}. ${format?.remedy ?? `${SAVE}.`}`;
}

const text = (bytes: Uint8Array) => ascii(bytes, 0, 1024);

/** The beginning without byte order mark, blanks and comments. */
function markup(bytes: Uint8Array): string {
  return text(bytes)
    .replace(/^\xef\xbb\xbf/, "")
    .replace(/<!--[^]*?-->|<!doctype svg[^>]*>/gi, "")
    .trimStart();
}
