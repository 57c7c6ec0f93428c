/** From dropped or picked files to classes: folder names become labels, `train` and `val` folders become splits. */

import type { Split } from "headstart";

/** A file and its path below what was dropped, for example `train/ants/1.jpg`. */
export interface PathFile {
  path: string;
  file: File;
  /** What the photo belongs to besides its class, such as the person it shows. */
  group?: string | undefined;
}

/** Photos that share a label and a split. */
export interface PhotoGroup {
  label: string;
  split: Split;
  files: PathFile[];
}

/** A file that is not used, and why. */
export interface LeftOut {
  name: string;
  reason: string;
}

export interface SortedPhotos {
  groups: PhotoGroup[];
  /** Files that came without any folder: they need a class name. */
  loose: PathFile[];
  /** Files that no folder gives a class to, and why. */
  skipped: LeftOut[];
}

/** What the drop is for: photos to learn from, or the separate test folder. */
export type Purpose = "learn" | "test";

interface Folder {
  name: string;
  files: PathFile[];
  folders: Map<string, Folder>;
}

const TRAIN_NAMES = new Set(["train", "training"]);
const TEST_NAMES = new Set(["test", "testing", "val", "valid", "validation"]);
const SYSTEM_NAMES = new Set(["thumbs.db", "desktop.ini", "__macosx"]);

const byName = new Intl.Collator("en", { numeric: true });

/**
 * Gives every file its class.
 *
 * Understood are one folder per class, a parent of such folders, and a parent with a `train` and a
 * `val` or `test` folder. A folder counts as `train` or `test` only if it holds class folders, so
 * that a class may bear such a name.
 *
 * Folders in a class folder are groups, where there are two or more: a single one, such as `ants/images`, says nothing.
 * Folders of one name in several classes are one group, since they may be of one person.
 *
 * Photos to learn from are always `auto`: with a test folder they all serve for training, and
 * without one the package holds some of them out.
 */
export function sortPhotos(files: PathFile[], purpose: Purpose): SortedPhotos {
  const seen = files.filter(({ path }) => !isHidden(path));
  // A system lists files in any order; the seed of a training repeats its result only in the same one.
  seen.sort((a, b) => byName.compare(a.path, b.path));
  const root = buildTree(seen);
  const sorted: SortedPhotos = { groups: [], loose: root.files, skipped: [] };
  const split: Split = purpose === "test" ? "test" : "auto";
  for (const folder of root.folders.values()) {
    sortFolder(folder, split, sorted);
  }
  // Training photos first: of a photo in both, the test folder loses its copy.
  sorted.groups.sort((a, b) => Number(isForTest(a)) - Number(isForTest(b)));
  return sorted;
}

function sortFolder(folder: Folder, split: Split, sorted: SortedPhotos): void {
  const children = [...folder.folders.values()].filter(holdsPhotos);
  const only = children.length === 1 ? children[0] : undefined;
  const hasOwnPhotos = folder.files.some(looksLikePhoto);

  if (isSplit(folder)) {
    sortClasses(folder, isTest(folder) ? "test" : split, sorted);
  } else if (children.some(isSplit)) {
    sortSplits(folder, children, split, sorted);
  } else if (
    children.length === 0 ||
    (hasOwnPhotos && only) ||
    splitsOfClass(folder)
  ) {
    sortClass(folder, split, sorted);
  } else if (only && !only.files.some(looksLikePhoto)) {
    sortFolder(only, split, sorted);
  } else {
    sortClasses(folder, split, sorted);
  }
}

/** `folder` holds `train`, `val` or `test` folders. */
function sortSplits(
  folder: Folder,
  children: Folder[],
  split: Split,
  sorted: SortedPhotos,
): void {
  skip(folder.files, "It lies outside the class folders.", sorted);
  for (const child of children) {
    if (!isSplit(child)) {
      const reason =
        "It lies beside the train and test folders, in neither of them.";
      skip(allFiles(child), reason, sorted);
    } else if (split === "test" && !isTest(child) && children.some(isTest)) {
      const reason =
        "It is a training photo; the test folder takes test photos only.";
      skip(allFiles(child), reason, sorted);
    } else {
      sortClasses(child, isTest(child) ? "test" : split, sorted);
    }
  }
}

/** Every folder in `folder` is a class. */
function sortClasses(folder: Folder, split: Split, sorted: SortedPhotos): void {
  skip(folder.files, "It lies outside the class folders.", sorted);
  for (const child of folder.folders.values()) {
    sortClass(child, split, sorted);
  }
}

function sortClass(folder: Folder, split: Split, sorted: SortedPhotos): void {
  const splits = splitsOfClass(folder);
  if (!splits) {
    addGroup(folder.name, split, grouped(folder), sorted);
    return;
  }
  addGroup(folder.name, split, folder.files, sorted);
  for (const child of folder.folders.values()) {
    const childSplit = isTest(child) ? "test" : split;
    addGroup(folder.name, childSplit, grouped(child), sorted);
  }
}

/** All files of a class, those in its folders as groups. */
function grouped(folder: Folder): PathFile[] {
  const children = [...folder.folders.values()];
  if (children.filter(holdsPhotos).length < 2) return allFiles(folder);
  const inGroups = children.flatMap((child) =>
    allFiles(child).map((item) => ({
      ...item,
      group: child.name.trim() || undefined,
    })),
  );
  return [...folder.files, ...inGroups];
}

/** Whether a class is itself divided: `ants/train/1.jpg` and `ants/val/2.jpg`. */
function splitsOfClass(folder: Folder): boolean {
  const children = [...folder.folders.values()].filter(holdsPhotos);
  return children.some(isTrain) && children.some(isTest);
}

function addGroup(
  folder: string,
  split: Split,
  files: PathFile[],
  sorted: SortedPhotos,
): void {
  if (files.length === 0) return;
  const label = folder.trim();
  const same = sorted.groups.find(
    (group) => group.label === label && group.split === split,
  );
  if (same) same.files.push(...files);
  else sorted.groups.push({ label, split, files: [...files] });
}

function skip(files: PathFile[], reason: string, sorted: SortedPhotos): void {
  for (const { path } of files) {
    sorted.skipped.push({ name: path, reason });
  }
}

function isForTest({ split }: PhotoGroup): boolean {
  return split === "test";
}

function buildTree(files: PathFile[]): Folder {
  const root: Folder = { name: "", files: [], folders: new Map() };
  for (const item of files) {
    const names = item.path.split("/").filter((name) => name !== "");
    let folder = root;
    for (const name of names.slice(0, -1)) {
      let child = folder.folders.get(name);
      if (!child) {
        child = { name, files: [], folders: new Map() };
        folder.folders.set(name, child);
      }
      folder = child;
    }
    folder.files.push(item);
  }
  return root;
}

function allFiles(folder: Folder): PathFile[] {
  return [...folder.files, ...[...folder.folders.values()].flatMap(allFiles)];
}

function holdsPhotos(folder: Folder): boolean {
  return (
    folder.files.some(looksLikePhoto) ||
    [...folder.folders.values()].some(holdsPhotos)
  );
}

/** An unknown type may be a photo: the package decides when it reads the file. */
function looksLikePhoto({ file }: PathFile): boolean {
  return file.type === "" || file.type.startsWith("image/");
}

function isTrain(folder: Folder): boolean {
  return TRAIN_NAMES.has(folder.name.toLowerCase());
}

function isTest(folder: Folder): boolean {
  return TEST_NAMES.has(folder.name.toLowerCase());
}

function isSplit(folder: Folder): boolean {
  return (
    (isTrain(folder) || isTest(folder)) &&
    !folder.files.some(looksLikePhoto) &&
    [...folder.folders.values()].some(holdsPhotos)
  );
}

/** Files that systems leave behind, such as `.DS_Store`. */
function isHidden(path: string): boolean {
  return path
    .split("/")
    .some(
      (name) => name.startsWith(".") || SYSTEM_NAMES.has(name.toLowerCase()),
    );
}

/** The files of a file or folder picker. */
export function readPicked(files: Iterable<File>): PathFile[] {
  return [...files].map((file) => ({
    path: file.webkitRelativePath || file.name,
    file,
  }));
}

/** The files of a drop, folders read to the bottom. Call it inside the event: the items are gone after it. */
export function readDropped(
  items: Iterable<DataTransferItem>,
): Promise<PathFile[]> {
  const reads: Promise<PathFile[]>[] = [];
  for (const item of items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry) reads.push(readEntry(entry));
    else if (file) reads.push(Promise.resolve([{ path: file.name, file }]));
  }
  return Promise.all(reads).then((lists) => lists.flat());
}

async function readEntry(entry: FileSystemEntry): Promise<PathFile[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (isHidden(path)) return [];
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: PathFile[] = [];
  for (;;) {
    // A folder is handed out in batches (100 entries in Chromium); an empty one is the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return found;
    const lists = await Promise.all(batch.map(readEntry));
    for (const list of lists) found.push(...list);
  }
}
