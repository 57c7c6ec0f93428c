/** The page's side of a folder of photos: fetches them first, then hands them to one library or the other. */

let photos = [];

/** `list` has a label and a split for each address `/photos/<index>`. */
async function fetchPhotos(list) {
  photos = [];
  for (const [i, { label, split }] of list.entries()) {
    const blob = await (await fetch(`/photos/${i}`)).blob();
    photos.push({ file: new File([blob], `${i}.jpg`), label, split });
  }
}

/** Through Headstart's package, without its cache. */
async function runHeadstart(options) {
  const { Classifier } = await import("/package/index.js");
  const weights = "/weights/resnet18-int8.safetensors";
  const opening = performance.now();
  const classifier = await Classifier.create({
    weights,
    cache: false,
    ...options,
  });
  const start = performance.now();
  for (const { label, split, files } of groups()) {
    const { added } = await classifier.add(files, { label, split });
    if (added !== files.length)
      throw new Error(`${added} of ${files.length} added`);
  }
  const added = performance.now();
  for await (const step of classifier.train()) void step;
  const trained = performance.now();
  const { accuracy } = await classifier.evaluate();
  const end = performance.now();
  const { adapter } = classifier.backend;
  classifier.dispose();
  return {
    adapter,
    open: start - opening,
    add: added - start,
    train: trained - added,
    evaluate: end - trained,
    accuracy,
  };
}

/** The photos of each label and split. */
function groups() {
  const all = new Map();
  for (const { file, label, split } of photos) {
    const key = `${split}/${label}`;
    if (!all.has(key)) all.set(key, { label, split, files: [] });
    all.get(key).files.push(file);
  }
  return all.values();
}

const runPeer = (name) => window.ask(name, "run", photos);

Object.assign(window, { fetchPhotos, runHeadstart, runPeer });
