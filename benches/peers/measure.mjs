/** Times every engine in one browser session, in turns. */
import { say } from "../../tools/support/console.mjs";
import { equalShares, median } from "./statistics.mjs";
import { LEAST_COSINE, smallestCosine } from "./agreement.mjs";

/**
 * @typedef {import("./report/rows.mjs").Row} Row
 *
 * @typedef {object} Opened
 * @property {import("./engines.mjs").Engine} engine
 * @property {Record<string, unknown>} facts what it says of itself
 *
 * @typedef {{ engine: string, problem: string }} Failure
 */

/**
 * @param {import("./browser/session.mjs").Session} session
 * @param {import("./engines.mjs").Engine[]} engines
 * @returns {Promise<{ opened: Opened[], failures: Failure[] }>}
 */
export async function openAll({ page }, engines) {
  const opened = [];
  const failures = [];
  for (const engine of engines) {
    say(`- opening ${engine.id}`);
    try {
      const facts = await page.evaluate(
        ({ id, url, options }) => {
          const { start, ask } = /** @type {any} */ (window);
          start(id, url);
          return ask(id, "open", options);
        },
        { id: engine.id, ...addresses(engine) },
      );
      const { threads } = facts;
      if (engine.backend === "cpu" && threads !== engine.threads) {
        throw new Error(
          `${engine.threads} threads were asked for, and it computes on ${threads}`,
        );
      }
      opened.push({ engine, facts });
    } catch (error) {
      failures.push(failed(engine, error));
    }
  }
  return { opened, failures };
}

/** @param {import("./engines.mjs").Engine} engine */
export function addresses({ id, threads }) {
  const base = `/engine/${id}/`;
  return {
    url: `${base}worker.js`,
    options: { base, threads },
  };
}

/**
 * A row per engine; one that disagrees with the reference is a failure, and its times are not used.
 * @param {import("./browser/session.mjs").Session} session
 * @param {Opened[]} opened
 * @param {number[][]} reference
 * @param {{ batch: number, rounds: number }} amount
 * @returns {Promise<{ rows: Row[], failures: Failure[] }>}
 */
export async function measureBatch(session, opened, reference, amount) {
  const { batch, rounds } = amount;
  /** @type {{ id: string, row: Row, stagings: number[], cpu: number, wall: number, ticks: Map<string, number> }[]} */
  const rows = [];
  const failures = [];
  for (const { engine } of opened) {
    try {
      const { page } = session;
      await page.evaluate(
        ({ id, batch }) =>
          /** @type {any} */ (window).ask(id, "prepare", batch),
        { id: engine.id, batch },
      );
      const { milliseconds, embeddings } = await embed(page, engine.id, true);
      const cosine = smallestCosine(embeddings, reference, batch);
      if (!(cosine >= LEAST_COSINE)) {
        throw new Error(`cosine ${cosine.toFixed(6)} to the reference`);
      }
      const { library, backend, threads, id } = engine;
      const row = { library, backend, threads, batch, first: milliseconds };
      rows.push({
        row: { ...row, cosine, times: [], staging: 0, busy: 0, sharers: 0 },
        ...{ id, stagings: [], cpu: 0, wall: 0, ticks: new Map() },
      });
      say(
        `- ${id}, batch ${batch}, first: ${milliseconds.toFixed(0)} ms; cosine ${cosine.toFixed(7)}`,
      );
    } catch (error) {
      failures.push(failed(engine, error));
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const turn of rows) {
      const ticks = await session.threadTicks();
      const cpu = await session.cpuSeconds();
      const start = performance.now();
      const { milliseconds, staging } = await embed(
        session.page,
        turn.id,
        false,
      );
      turn.wall += (performance.now() - start) / 1000;
      turn.cpu += (await session.cpuSeconds()) - cpu;
      for (const [thread, end] of await session.threadTicks()) {
        const used = end - (ticks.get(thread) ?? 0);
        turn.ticks.set(thread, (turn.ticks.get(thread) ?? 0) + used);
      }
      turn.row.times.push(milliseconds);
      turn.stagings.push(staging);
      say(
        `- ${turn.id}, batch ${batch}, round ${round + 1} of ${rounds}: ${milliseconds.toFixed(0)} ms`,
      );
    }
  }
  return {
    failures,
    rows: rows.map(({ row, stagings, cpu, wall, ticks }) => ({
      ...row,
      staging: median(stagings),
      busy: cpu / wall,
      sharers: equalShares([...ticks.values()]),
    })),
  };
}

/**
 * @param {import("./browser/session.mjs").Session["page"]} page
 * @param {string} id
 * @param {boolean} wanted whether the embeddings are to be given
 * @returns {Promise<{ milliseconds: number, staging: number, embeddings: number[] }>}
 */
function embed(page, id, wanted) {
  return page.evaluate(
    ({ id, wanted }) => /** @type {any} */ (window).embed(id, wanted),
    { id, wanted },
  );
}

/**
 * @param {import("./browser/session.mjs").Session} session
 * @param {Opened[]} opened
 * @returns {Promise<Record<string, number>>} bytes of WebAssembly memory, by the engines' ids
 */
export async function wasmMemory({ page }, opened) {
  /** @type {Record<string, number>} */
  const bytes = {};
  for (const { engine } of opened) {
    bytes[engine.id] = await page.evaluate(
      (id) => /** @type {any} */ (window).ask(id, "wasmBytes"),
      engine.id,
    );
  }
  return bytes;
}

/**
 * @param {import("./engines.mjs").Engine} engine
 * @param {unknown} error
 * @returns {Failure}
 */
export function failed(engine, error) {
  const problem = error instanceof Error ? error.message : String(error);
  say(`! ${engine.id}: ${problem}`);
  return { engine: engine.id, problem };
}
