import { describe, expect, it, vi } from "vitest";
import type { Folder } from "../src/worker/finetune/scratch-file.js";
import { ViewStore } from "../src/worker/finetune/view-store.js";
import { FakeFolder } from "./fake/folder.js";

/** Of views of two bytes. */
const LENGTH = 2;

async function open(folder: Folder, mostInMemory: number, images = 3) {
  const store = await ViewStore.open(images, async () => folder, mostInMemory);
  const add = (place: number, ...views: number[]) =>
    store.add(place, Uint8Array.from(views), LENGTH);
  const read = (...wanted: number[]) => [
    ...store.read(Uint32Array.from(wanted)),
  ];
  return { store, add, read };
}

describe("views", () => {
  it.each([
    ["in memory", 100, 0],
    ["in a file", 0, 1],
    ["partly in each", 4, 1],
  ])("%s are read in any order", async (_, mostInMemory, files) => {
    const folder = new FakeFolder();
    const { add, read } = await open(folder, mostInMemory);
    await add(0, 1, 2, 3, 4);
    await add(2, 5, 6);
    await add(1, 7, 8, 9, 10);
    expect(folder.files.size).toBe(files);
    expect(read(1, 1, 0, 0, 2, 0, 0, 1)).toEqual([9, 10, 1, 2, 5, 6, 3, 4]);
    expect(read()).toEqual([]);
  });

  it("do not hold what they were cut from", async () => {
    const { store, read } = await open(new FakeFolder(), 100);
    const whole = Uint8Array.of(1, 2, 3, 4);
    await store.add(0, whole.subarray(2), LENGTH);
    structuredClone(whole, { transfer: [whole.buffer] });
    expect(read(0, 0)).toEqual([3, 4]);
  });

  it("that were not kept are an error, and none of another image's", async () => {
    const { add, read } = await open(new FakeFolder(), 0);
    await add(0, 1, 2);
    await add(1, 3, 4);
    expect(() => read(0, 1)).toThrow("view 1 of image 0");
    expect(() => read(2, 0)).toThrow("view 0 of image 2");
  });

  it("go when they are no longer wanted, and their file with them", async () => {
    const folder = new FakeFolder();
    const { store, add } = await open(folder, 0);
    await add(0, 1, 2);
    await store.close();
    await store.close();
    expect(folder.files.size).toBe(0);
    expect(folder.locked.size).toBe(0);
  });

  it("leave no file that is made while they go", async () => {
    const folder = new FakeFolder();
    const { store, add } = await open(folder, 0);
    const adding = add(0, 1, 2);
    await store.close();
    await expect(adding).rejects.toMatchObject({ code: "NO_ROOM" });
    expect(folder.files.size).toBe(0);
  });
});

describe("a store that is opened", () => {
  it("deletes what pages that have crashed have left, and nothing else", async () => {
    const folder = new FakeFolder();
    const inUse = await open(folder, 0);
    await inUse.add(0, 1, 2);
    folder.files.set("headstart-views-of-a-page-that-crashed", [1]);
    folder.files.set("somebody-elses", [1]);
    await open(folder, 100);
    expect([...folder.files.keys()]).toEqual([
      expect.stringMatching(/^headstart-views-.*-/) as unknown,
      "somebody-elses",
    ]);
    expect(inUse.read(0, 0)).toEqual([1, 2]);
  });

  it("needs no file system for what memory holds", async () => {
    const none = vi.fn(() => Promise.reject(new Error("a private window")));
    const store = await ViewStore.open(1, none, 100);
    await store.add(0, Uint8Array.of(1, 2), LENGTH);
    expect([...store.read(Uint32Array.of(0, 0))]).toEqual([1, 2]);
  });
});

describe("no room", () => {
  it("says how much all images need, and what helps, where there is no file system", async () => {
    const none = () => Promise.reject(new Error("a private window"));
    const store = await ViewStore.open(300, none, 0);
    await expect(
      store.add(0, new Uint8Array(1_000_000), LENGTH),
    ).rejects.toMatchObject({
      code: "NO_ROOM",
      message:
        "Fine-tuning needs to store about 300 MB for 300 images, and the browser has no room for them (a private window): use fewer images, free space on this device, or leave the private window.",
    });
  });

  it("is told when the browser's storage is full", async () => {
    const { add } = await open(new FakeFolder(2), 0);
    await add(0, 1, 2);
    await expect(add(1, 3, 4)).rejects.toMatchObject({
      code: "NO_ROOM",
      message: expect.stringContaining("The disk is full.") as unknown,
    });
  });

  it("is told when only a part could be written", async () => {
    const folder = new FakeFolder();
    const file = {
      read: () => 0,
      write: () => 1,
      close: () => undefined,
    };
    folder.getFileHandle = async () => ({
      createSyncAccessHandle: async () => file,
    });
    const { add } = await open(folder, 0);
    await expect(add(0, 1, 2)).rejects.toMatchObject({ code: "NO_ROOM" });
  });
});
