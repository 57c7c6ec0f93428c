import { expect, it } from "vitest";
import { PhotoNames } from "../src/photo-names";

function named(names: PhotoNames, ...paths: string[]) {
  const file = new File(["x"], "x.jpg");
  return names.give(paths.map((path) => ({ path, file })));
}

it("gives photos of the same name different names, in one call and over several", () => {
  const names = new PhotoNames();
  const first = named(names, "image.jpg", "image.jpg", "a.b/image");
  names.keep(first);
  expect(first.map(({ name }) => name)).toEqual([
    "image.jpg",
    "image (2).jpg",
    "a.b/image",
  ]);
  const second = named(names, "image.jpg", "a.b/image");
  expect(second.map(({ name }) => name)).toEqual([
    "image (3).jpg",
    "a.b/image (2)",
  ]);
});

it("keeps a photo's group with it", () => {
  const file = new File(["x"], "x.jpg");
  const photos = new PhotoNames().give([
    { path: "x.jpg", file, group: "anna" },
    { path: "y.jpg", file },
  ]);
  expect(photos.map(({ group }) => group)).toEqual(["anna", undefined]);
});

it("gives a name again whose photo was not kept", () => {
  const names = new PhotoNames();
  named(names, "broken.jpg");
  expect(named(names, "broken.jpg")[0]?.name).toBe("broken.jpg");
  expect(names.find("broken.jpg")).toBeUndefined();
});
