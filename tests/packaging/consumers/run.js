/** What every consumer does with the package: learns checks and rings from four photos each, and names one of each. */

const numbers = [1, 2, 3, 4];

async function photo(label, number) {
  const response = await fetch(`/photos/${label}-${number}.jpg`);
  if (!response.ok) throw new Error(`${response.status} for ${response.url}`);
  return response.blob();
}

export async function run(Classifier, options) {
  const classifier = await Classifier.create({ backend: "cpu", ...options });
  try {
    for (const label of ["checks", "rings"]) {
      const photos = await Promise.all(numbers.map((n) => photo(label, n)));
      const { added } = await classifier.add(photos, { label });
      if (added !== photos.length) throw new Error(`added ${added}`);
    }
    let loss;
    for await (const step of classifier.train()) loss = step.loss;
    const predictions = await classifier.predict([
      await photo("checks", 5),
      await photo("rings", 5),
    ]);
    return {
      backend: classifier.backend.kind,
      classes: classifier.classes.map(({ label }) => label),
      labels: predictions.map(({ label }) => label),
      loss,
    };
  } finally {
    classifier.dispose();
  }
}

/** Puts what `run` came to into the page, where a test reads it. */
export async function show(result) {
  document.querySelector("#result").textContent = await result.then(
    JSON.stringify,
    (error) => `${error.name} ${error.code}: ${error.message}`,
  );
}
