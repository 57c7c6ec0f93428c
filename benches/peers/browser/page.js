/** The page's side: starts the engines' workers and passes requests on to them. */

const workers = new Map();
let next = 0;

/** Starts an engine's worker; another of the same name is ended first. */
function start(name, url) {
  workers.get(name)?.worker.terminate();
  const worker = new Worker(url, { type: "module" });
  const waiting = new Map();
  workers.set(name, { worker, waiting });
  worker.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(message));
    waiting.clear();
  };
}

function ask(name, call, argument) {
  const { worker, waiting } = workers.get(name);
  const id = next++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, call, argument });
  });
}

/** What an engine takes to open and to embed the first picture, from nothing, in milliseconds. */
async function cold(name, url, options) {
  const begin = performance.now();
  start(name, url);
  await ask(name, "open", options);
  const opened = performance.now();
  await ask(name, "prepare", 1);
  const { milliseconds, staging } = await ask(name, "embed");
  return { open: opened - begin, first: milliseconds + staging };
}

/** Embeds the batch that is prepared; the embeddings come as a plain array, and only where they are wanted. */
async function embed(name, wanted) {
  const { milliseconds, staging, embeddings } = await ask(name, "embed");
  return { milliseconds, staging, embeddings: wanted ? [...embeddings] : [] };
}

/** The WebGPU adapter's name and what kind it is. */
async function adapter() {
  const found = await navigator.gpu?.requestAdapter();
  if (!found) return undefined;
  const { vendor, architecture, device, description, isFallbackAdapter } =
    found.info;
  const name = [vendor, architecture, device, description]
    .filter(Boolean)
    .join(" ");
  return {
    name,
    software: isFallbackAdapter || architecture === "swiftshader",
  };
}

Object.assign(window, { start, ask, cold, embed, adapter });
