import { describe, expect, it } from "vitest";
import {
  readDropped,
  readPicked,
  sortPhotos,
  type PathFile,
  type Purpose,
} from "../src/folders";

function fileAt(path: string): PathFile {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const type = name.endsWith(".txt") ? "text/plain" : "image/jpeg";
  return { path, file: new File(["x"], name, { type }) };
}

/** Groups as `label split: paths`, to read an expectation at a glance. */
function sort(paths: string[], purpose: Purpose = "learn") {
  const { groups, loose, skipped } = sortPhotos(paths.map(fileAt), purpose);
  return {
    groups: groups.map(
      ({ label, split, files }) =>
        `${label} ${split}: ${files.map((file) => file.path).join(" ")}`,
    ),
    loose: loose.map((file) => file.path),
    skipped: skipped.map(({ name }) => name),
  };
}

describe("sortPhotos", () => {
  it("takes a folder of photos as one class", () => {
    expect(sort(["ants/1.jpg", "ants/2.jpg"]).groups).toEqual([
      "ants auto: ants/1.jpg ants/2.jpg",
    ]);
  });

  it("takes photos in folders below a class folder as that class", () => {
    expect(sort(["ants/1.jpg", "ants/more/2.jpg"]).groups).toEqual([
      "ants auto: ants/1.jpg ants/more/2.jpg",
    ]);
  });

  it.each([
    ["data/ants/", ["data/bees/9.jpg"]],
    ["train/ants/", ["train/bees/9.jpg"]],
    ["data/ants/train/", ["data/ants/val/8.jpg", "data/bees/9.jpg"]],
  ])("takes the folders in %s as groups", (folder, others) => {
    const paths = ["3.jpg", "anna/1.jpg", "ben/more/2.jpg"];
    const own = paths.map((path) => folder + path);
    const { groups } = sortPhotos([...own, ...others].map(fileAt), "learn");
    const grouped = groups.map(({ label, files }) => [
      label,
      ...files.map(({ file, group }) => [file.name, group]),
    ]);
    expect(grouped).toContainEqual([
      "ants",
      ["3.jpg", undefined],
      ["1.jpg", "anna"],
      ["2.jpg", "ben"],
    ]);
    expect(grouped).toContainEqual(["bees", ["9.jpg", undefined]]);
  });

  it("takes no group from the only folder in a class folder", () => {
    const paths = ["data/ants/images/1.jpg", "data/bees/images/2.jpg"];
    const { groups } = sortPhotos(paths.map(fileAt), "learn");
    const files = groups.flatMap((group) => group.files);
    expect(files.map(({ group }) => group)).toEqual([undefined, undefined]);
  });

  it("takes several folders dropped at once as a class each", () => {
    expect(sort(["ants/1.jpg", "bees/2.jpg"]).groups).toEqual([
      "ants auto: ants/1.jpg",
      "bees auto: bees/2.jpg",
    ]);
  });

  it("takes the folders in a parent as the classes", () => {
    expect(sort(["insects/ants/1.jpg", "insects/bees/2.jpg"]).groups).toEqual([
      "ants auto: insects/ants/1.jpg",
      "bees auto: insects/bees/2.jpg",
    ]);
  });

  it("leaves photos of a train folder to be held out when no test folder came along", () => {
    expect(sort(["train/ants/1.jpg", "train/bees/2.jpg"]).groups).toEqual([
      "ants auto: train/ants/1.jpg",
      "bees auto: train/bees/2.jpg",
    ]);
  });

  it.each(["val", "valid", "validation", "test", "Test"])(
    "takes a %s folder beside train as the test folder",
    (test) => {
      expect(
        sort([`data/train/ants/1.jpg`, `data/${test}/ants/2.jpg`]).groups,
      ).toEqual([
        "ants auto: data/train/ants/1.jpg",
        `ants test: data/${test}/ants/2.jpg`,
      ]);
    },
  );

  it("understands train and val dropped side by side", () => {
    expect(sort(["train/ants/1.jpg", "val/ants/2.jpg"]).groups).toEqual([
      "ants auto: train/ants/1.jpg",
      "ants test: val/ants/2.jpg",
    ]);
  });

  it("finds train and val inside a wrapping folder", () => {
    expect(
      sort(["zip/data/train/ants/1.jpg", "zip/data/val/ants/2.jpg"]).groups,
    ).toEqual([
      "ants auto: zip/data/train/ants/1.jpg",
      "ants test: zip/data/val/ants/2.jpg",
    ]);
  });

  it("keeps a class's own val folder out of training", () => {
    expect(sort(["ants/train/1.jpg", "ants/val/2.jpg"]).groups).toEqual([
      "ants auto: ants/train/1.jpg",
      "ants test: ants/val/2.jpg",
    ]);
    expect(
      sort([
        "data/ants/train/1.jpg",
        "data/ants/val/2.jpg",
        "data/bees/train/3.jpg",
        "data/bees/val/4.jpg",
      ]).groups,
    ).toEqual([
      "ants auto: data/ants/train/1.jpg",
      "bees auto: data/bees/train/3.jpg",
      "ants test: data/ants/val/2.jpg",
      "bees test: data/bees/val/4.jpg",
    ]);
  });

  it("allows a class that is called train", () => {
    expect(sort(["vehicles/train/1.jpg", "vehicles/bus/2.jpg"]).groups).toEqual(
      ["bus auto: vehicles/bus/2.jpg", "train auto: vehicles/train/1.jpg"],
    );
    expect(sort(["train/1.jpg"]).groups).toEqual(["train auto: train/1.jpg"]);
  });

  it("gives the same order however the system lists the files", () => {
    expect(sort(["b/2.jpg", "a/10.jpg", "a/9.jpg", "b/1.jpg"]).groups).toEqual([
      "a auto: a/9.jpg a/10.jpg",
      "b auto: b/1.jpg b/2.jpg",
    ]);
  });

  it("returns files without a folder as loose", () => {
    const sorted = sort(["1.jpg", "ants/2.jpg"]);
    expect(sorted.loose).toEqual(["1.jpg"]);
    expect(sorted.groups).toEqual(["ants auto: ants/2.jpg"]);
  });

  it("ignores hidden and system files without a word", () => {
    expect(
      sort([
        "ants/.DS_Store",
        "ants/Thumbs.db",
        "ants/1.jpg",
        ".git/config",
        "__MACOSX/ants/._1.jpg",
      ]),
    ).toEqual({ groups: ["ants auto: ants/1.jpg"], loose: [], skipped: [] });
  });

  it("lists files that lie outside the class folders", () => {
    const sorted = sort([
      "data/readme.txt",
      "data/train/ants/1.jpg",
      "data/val/ants/2.jpg",
      "data/extra/3.jpg",
    ]);
    expect(sorted.skipped).toEqual(["data/readme.txt", "data/extra/3.jpg"]);
  });

  it("hands files of other types in a class folder on, to be rejected with a reason", () => {
    expect(sort(["ants/1.jpg", "ants/notes.txt"]).groups).toEqual([
      "ants auto: ants/1.jpg ants/notes.txt",
    ]);
  });

  it("marks everything in the test folder as test", () => {
    expect(sort(["val/ants/1.jpg", "val/bees/2.jpg"], "test").groups).toEqual([
      "ants test: val/ants/1.jpg",
      "bees test: val/bees/2.jpg",
    ]);
    expect(sort(["mine/ants/1.jpg"], "test").groups).toEqual([
      "ants test: mine/ants/1.jpg",
    ]);
  });

  it("does not test on training photos when the whole data set is chosen as the test folder", () => {
    const sorted = sort(
      ["data/train/ants/1.jpg", "data/val/ants/2.jpg"],
      "test",
    );
    expect(sorted.groups).toEqual(["ants test: data/val/ants/2.jpg"]);
    expect(sorted.skipped).toEqual(["data/train/ants/1.jpg"]);
  });
});

describe("readPicked", () => {
  it("keeps the path of a folder picker and the name of a file picker", () => {
    const inFolder = new File(["x"], "1.jpg");
    Object.defineProperty(inFolder, "webkitRelativePath", {
      value: "ants/1.jpg",
    });
    const alone = new File(["x"], "2.jpg");
    Object.defineProperty(alone, "webkitRelativePath", { value: "" });
    expect(readPicked([inFolder, alone]).map(({ path }) => path)).toEqual([
      "ants/1.jpg",
      "2.jpg",
    ]);
  });
});

describe("readDropped", () => {
  it("reads a folder until its batches are empty", async () => {
    const entries = Array.from({ length: 5 }, (_, i) =>
      fileEntry(`/ants/${i}.jpg`),
    );
    const folder = folderEntry("/ants", [
      entries.slice(0, 3),
      entries.slice(3),
    ]);
    const files = await readDropped([itemOf(folder)]);
    expect(files.map(({ path }) => path)).toEqual(
      entries.map(({ fullPath }) => fullPath.slice(1)),
    );
  });

  it("falls back to the file where there is no entry", async () => {
    const file = new File(["x"], "1.jpg");
    const item = {
      kind: "file",
      webkitGetAsEntry: () => null,
      getAsFile: () => file,
    };
    const files = await readDropped([item as unknown as DataTransferItem]);
    expect(files).toEqual([{ path: "1.jpg", file }]);
  });
});

function fileEntry(fullPath: string): FileSystemEntry {
  return {
    isFile: true,
    fullPath,
    file: (done: (file: File) => void) => done(new File(["x"], fullPath)),
  } as unknown as FileSystemEntry;
}

function folderEntry(
  fullPath: string,
  batches: FileSystemEntry[][],
): FileSystemEntry {
  const left = [...batches, []];
  const readEntries = (done: (batch: FileSystemEntry[]) => void) =>
    done(left.shift() ?? []);
  return {
    isFile: false,
    fullPath,
    createReader: () => ({ readEntries }),
  } as unknown as FileSystemEntry;
}

function itemOf(entry: FileSystemEntry): DataTransferItem {
  return {
    kind: "file",
    webkitGetAsEntry: () => entry,
    getAsFile: () => null,
  } as unknown as DataTransferItem;
}
