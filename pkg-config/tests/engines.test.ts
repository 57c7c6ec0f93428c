import { describe, expect, it, vi } from "vitest";
import { Engines, type Engine } from "../src/worker/engines.js";
import { FakeBackbone } from "./fake/backbone.js";

const CROP = 224 * 224 * 3;

/** Crops that are told apart by their first byte. */
function crops(count: number): Uint8Array {
  const bytes = new Uint8Array(count * CROP);
  for (let i = 0; i < count; i++) bytes[i * CROP] = i + 1;
  return bytes;
}

const upTo = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => i + 1);

function setUp(further: Engine[] = []) {
  const own = new FakeBackbone("cpu");
  const log = vi.fn();
  const engines = new Engines(own);
  for (const engine of further) engines.add(engine);
  const run = (count: number, threads: number) =>
    engines.run(crops(count), false, threads, log);
  return { own, engines, log, run };
}

const more = (count: number) =>
  Array.from({ length: count }, () => new FakeBackbone("cpu"));

describe("engines", () => {
  it("compute alone on one thread", async () => {
    const [further] = more(1);
    const asked = vi.spyOn(further!, "run");
    const { run } = setUp([further!]);
    expect((await run(5, 1)).embeddings).toEqual(upTo(5));
    expect(asked).not.toHaveBeenCalled();
  });

  it("compute by as many as there are", async () => {
    const { run, engines } = setUp();
    expect((await run(5, 3)).embeddings).toEqual(upTo(5));
    engines.add(new FakeBackbone("cpu"));
    expect(engines.count).toBe(2);
    expect((await run(5, 3)).embeddings).toEqual(upTo(5));
  });

  it.each([1, 2, 3, 4, 5, 8, 9])(
    "share %i crops and keep their order",
    async (count) => {
      const further = more(2);
      const { own, run } = setUp(further);
      const all = [own, ...further];
      const asked = all.map((engine) => vi.spyOn(engine, "run"));
      expect((await run(count, 3)).embeddings).toEqual(upTo(count));
      const shares = asked.map((spy) =>
        spy.mock.calls.reduce((sum, [bytes]) => sum + bytes.length / CROP, 0),
      );
      expect(shares.reduce((sum, share) => sum + share)).toBe(count);
      expect(Math.max(...shares)).toBe(Math.ceil(count / 3));
    },
  );

  it("that fail are done without, and their share is computed", async () => {
    const [failing] = more(1);
    failing!.run = () => Promise.reject(new Error("out of memory"));
    const { run, engines, log } = setUp([failing!]);
    expect((await run(4, 2)).embeddings).toEqual(upTo(4));
    expect(failing!.freed).toBe(true);
    expect(engines.count).toBe(1);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("out of memory"),
    );
    expect((await run(4, 2)).embeddings).toEqual(upTo(4));
  });

  it("say what memory all of them take", async () => {
    const { engines } = setUp(more(2));
    expect(await engines.memory()).toEqual({ wasm: 3 * 65_536, gpu: null });
  });

  it("say what memory the others take when one has ended", async () => {
    const [ended, alive] = more(2);
    vi.spyOn(ended!, "memory").mockRejectedValue(new Error("ended"));
    const { engines } = setUp([ended!, alive!]);
    expect(await engines.memory()).toEqual({ wasm: 2 * 65_536, gpu: null });
  });

  it("share the trunk's crops too, and what one fails at is computed", async () => {
    const [failing, further] = more(2);
    failing!.trunk = () => Promise.reject(new Error("out of memory"));
    const { engines, log } = setUp([failing!, further!]);
    const asked = vi.spyOn(further!, "trunk");
    expect([...(await engines.trunk(crops(5), 3, log))]).toEqual([...upTo(5)]);
    expect(asked).toHaveBeenCalledOnce();
    expect(failing!.freed).toBe(true);
    expect([...(await engines.trunk(crops(5), 1, log))]).toEqual([...upTo(5)]);
    expect(asked).toHaveBeenCalledOnce();
  });

  it("are freed together, also those that come too late", () => {
    const [further, late] = more(2);
    const { own, engines } = setUp([further!]);
    engines.free();
    engines.add(late!);
    expect([own, further!, late!].map(({ freed }) => freed)).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe("engines with a tail", () => {
  const plus = (count: number, tail: number) =>
    upTo(count).map((e) => e + tail);
  const settled = () => new Promise((resolve) => setTimeout(resolve));

  it("compute with it, and those without as before", async () => {
    const { engines, log, run } = setUp(more(2));
    const tuned = await engines.withTail(Uint8Array.of(100), log);
    await settled();
    expect(tuned.count).toBe(3);
    const { embeddings } = await tuned.run(crops(5), false, 3, log);
    expect(embeddings).toEqual(plus(5, 100));
    expect((await run(5, 3)).embeddings).toEqual(upTo(5));
  });

  it("become more as those without do", async () => {
    const { engines, log } = setUp();
    const tuned = await engines.withTail(Uint8Array.of(100), log);
    engines.add(more(1)[0]!);
    await settled();
    expect(tuned.count).toBe(2);
    const { embeddings } = await tuned.run(crops(4), false, 2, log);
    expect(embeddings).toEqual(plus(4, 100));
  });

  it("are freed for themselves, and become no more then", async () => {
    const [further, late] = more(2);
    const { own, engines, log, run } = setUp([further!]);
    const made: FakeBackbone[] = [];
    for (const engine of [own, further!, late!]) {
      const usual = engine.withTail.bind(engine);
      engine.withTail = (file) => {
        const tuned = usual(file);
        made.push(tuned);
        return tuned;
      };
    }
    const tuned = await engines.withTail(Uint8Array.of(100), log);
    await settled();
    tuned.free();
    engines.add(late!);
    await settled();
    expect(made.map(({ freed }) => freed)).toEqual([true, true]);
    expect((await run(5, 3)).embeddings).toEqual(upTo(5));
  });

  it("do without one that cannot load it, and say so", async () => {
    const [failing] = more(1);
    failing!.withTail = () => {
      throw new Error("out of memory");
    };
    const { engines, log } = setUp([failing!]);
    const tuned = await engines.withTail(Uint8Array.of(100), log);
    await settled();
    expect(tuned.count).toBe(1);
    expect(engines.count).toBe(2);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      "warn",
      expect.stringContaining("out of memory"),
    );
  });
});
