import assert from "node:assert/strict";
import test from "node:test";
import {
  cargoCounts,
  nodeCounts,
  notRun,
  playwrightCounts,
  suiteOf,
  vitestCounts,
} from "../../tools/suites/results.mjs";
import { runSuites } from "../../tools/suites/run-suites.mjs";
import { summarise } from "../../tools/suites/summary.mjs";

const CARGO = `
running 3 tests
test adds ... ok
test slow ... ignored, slow
test breaks ... FAILED

failures:

---- breaks stdout ----

thread 'breaks' panicked at src/lib.rs:5:23:
no

failures:
    breaks

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.22s


running 1 test
test src/lib.rs - (line 1) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

all doctests ran in 0.38s; merged doctests compilation took 0.37s
`;

const TAP = `TAP version 13
# Subtest: prints a line like the closing ones
# tests 99
# pass 99
ok 1 - a
  ---
  duration_ms: 0.5
  ...
1..5
# tests 6
# suites 1
# pass 1
# fail 1
# cancelled 1
# skipped 2
# todo 1
# duration_ms 110.332155
`;

const VITEST = {
  numTotalTests: 4,
  numPassedTests: 1,
  numFailedTests: 1,
  numPendingTests: 1,
  numTodoTests: 1,
  success: false,
  testResults: [
    { status: "failed", assertionResults: [{ status: "failed" }] },
    {
      status: "failed",
      assertionResults: [],
      message: "Cannot find module './nothing.js'",
    },
  ],
};

const PLAYWRIGHT = {
  suites: [],
  errors: [],
  stats: { duration: 1413, expected: 5, skipped: 1, unexpected: 2, flaky: 1 },
};

test("cargo: the closing lines of all test binaries add up", () => {
  const counts = { passed: 2, failed: 1, skipped: 1 };
  assert.deepEqual(cargoCounts(CARGO), counts);
  assert.deepEqual(cargoCounts(CARGO.replaceAll("\n", "\r\n")), counts);
  const coloured = CARGO.replaceAll("ok.", "\u001b[32mok\u001b(B\u001b[m.");
  assert.deepEqual(cargoCounts(coloured), counts);
});

test("cargo: a test binary that crashed counts as a failure", () => {
  assert.deepEqual(cargoCounts(`${CARGO}\nrunning 1 test\n`), {
    passed: 2,
    failed: 2,
    skipped: 1,
  });
});

test("cargo: what did not compile has no counts", () => {
  assert.equal(
    cargoCounts("error: could not compile `headstart`\n"),
    undefined,
  );
});

test("node: the last totals count, and what was cancelled or left for later is told", () => {
  assert.deepEqual(nodeCounts(TAP), { passed: 1, failed: 2, skipped: 3 });
});

test("node: a report without totals has no counts", () => {
  assert.equal(nodeCounts("TAP version 13\n"), undefined);
});

test("vitest: a file that could not be loaded counts as a failure", () => {
  assert.deepEqual(vitestCounts(JSON.stringify(VITEST)), {
    passed: 1,
    failed: 2,
    skipped: 2,
  });
});

test("playwright: a test that passed only when repeated counts as a failure", () => {
  assert.deepEqual(playwrightCounts(JSON.stringify(PLAYWRIGHT)), {
    passed: 5,
    failed: 3,
    skipped: 1,
  });
});

test("playwright: an error outside of every test counts as a failure", () => {
  const errors = [{ message: "SyntaxError: b.spec.ts: Missing semicolon" }];
  const report = JSON.stringify({ ...PLAYWRIGHT, errors });
  assert.equal(playwrightCounts(report)?.failed, 4);
});

test("a missing or damaged report has no counts", () => {
  for (const json of ["", '{"stats":']) {
    assert.equal(vitestCounts(json), undefined);
    assert.equal(playwrightCounts(json), undefined);
  }
});

test("a suite without a result, without tests, or with a failing runner has failed", () => {
  const none = { passed: 0, failed: 0, skipped: 0 };
  const good = { passed: 3, failed: 0, skipped: 0 };
  assert.equal(suiteOf("a", undefined, 0).failed, 1);
  assert.equal(suiteOf("a", undefined, 101).failed, 1);
  assert.equal(suiteOf("a", none, 0).failed, 1);
  assert.equal(suiteOf("a", good, 1).failed, 1);
  assert.equal(suiteOf("a", good, 0).failed, 0);
  assert.equal(notRun("a", "no browser").failed, 1);
});

test("a suite that cannot start counts as failed and the next one runs", async () => {
  const good = suiteOf("good", { passed: 2, failed: 0, skipped: 0 }, 0);
  const suites = await runSuites({
    bad: () => Promise.reject(new Error("no such program")),
    good: async () => good,
  });
  const [bad, other] = suites;
  assert.deepEqual(
    { ...bad, notes: bad?.notes.slice(0, 1) },
    notRun("bad", "no such program"),
  );
  assert.equal(other, good);
  // Each says how long it took.
  assert.deepEqual(
    suites.map(({ notes }) => notes.at(-1)),
    ["under a second", "under a second"],
  );
});

test("the last line has the totals alone, and all passed is success", () => {
  const { lines, code } = summarise([
    suiteOf("Rust", { passed: 40, failed: 0, skipped: 0 }, 0),
    suiteOf("Browser", { passed: 2, failed: 0, skipped: 0 }, 0),
  ]);
  assert.equal(lines.at(-1), "42 passed, 0 failed");
  assert(lines.includes("  Rust     40 passed, 0 failed"));
  assert.equal(code, 0);
});

test("a failure is no success", () => {
  const { lines, code } = summarise([
    suiteOf("Rust", { passed: 40, failed: 1, skipped: 0 }, 101),
  ]);
  assert.equal(lines.at(-1), "40 passed, 1 failed");
  assert.equal(code, 1);
});

test("a skipped test is no success", () => {
  const { lines, code } = summarise([
    suiteOf("Rust", { passed: 40, failed: 0, skipped: 2 }, 0),
  ]);
  assert.equal(lines.at(-1), "40 passed, 0 failed, 2 skipped");
  assert.equal(code, 1);
});
