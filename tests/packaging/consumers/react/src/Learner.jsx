import { Classifier } from "headstart";
import { useEffect, useState } from "react";
import { run } from "./run.js";

export function Learner({ weights }) {
  const [text, setText] = useState("");
  useEffect(() => {
    const { signal, abort } = abortable();
    run(Classifier, { weights, signal })
      .then(JSON.stringify, String)
      .then((text) => {
        if (!signal.aborted) setText(text);
      });
    return abort;
  }, [weights]);
  return <pre id="result">{text}</pre>;
}

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
