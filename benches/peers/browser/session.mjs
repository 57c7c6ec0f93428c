/** A browser with the benchmark's page, and what the operating system knows of the browser's processes. */
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { inRoot } from "../../../tools/support/paths.mjs";

const SOFTWARE_ADAPTER = "--use-webgpu-adapter=swiftshader";
const FLAGS = [
  ...["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic"],
  ...["--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
  // A page in the background would be slowed down.
  "--disable-renderer-backgrounding",
];

/**
 * @typedef {object} Session
 * @property {import("@playwright/test").Page} page
 * @property {string} version the browser's
 * @property {() => Promise<number>} cpuSeconds processor time that all its processes have used
 * @property {() => Promise<Map<string, number>>} threadTicks processor time of each of their threads, in clock ticks;
 *   known on Linux, and empty elsewhere
 * @property {() => Promise<number | undefined>} peakBytes the most memory that its processes held, each at its own
 *   time, summed; known on Linux
 */

/**
 * @template T
 * @param {{ executablePath: string, address: string, hardware: boolean }} where
 * @param {(session: Session) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inSession({ executablePath, address, hardware }, work) {
  const { chromium } = createRequire(inRoot("tests", "package.json"))(
    "@playwright/test",
  );
  /** @type {import("@playwright/test").Browser} */
  const browser = await chromium.launch({
    executablePath,
    args: hardware ? FLAGS : [...FLAGS, SOFTWARE_ADAPTER],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(0);
    await page.goto(address);
    await page.addScriptTag({ url: "/page/page.js", type: "module" });
    await page.waitForFunction(() => "ask" in window);
    const cdp = await browser.newBrowserCDPSession();
    const processes = async () =>
      (await cdp.send("SystemInfo.getProcessInfo")).processInfo;
    return await work({
      page,
      version: browser.version(),
      cpuSeconds: async () =>
        (await processes()).reduce((sum, { cpuTime }) => sum + cpuTime, 0),
      threadTicks: async () => ticks((await processes()).map(({ id }) => id)),
      peakBytes: async () => peak((await processes()).map(({ id }) => id)),
    });
  } finally {
    await browser.close();
  }
}

/**
 * The resident memory at its highest: VmHWM in proc_pid_status(5), in kB.
 * @param {number[]} pids
 */
async function peak(pids) {
  let bytes = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(
      () => "",
    );
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes === undefined) return undefined;
    bytes += Number(kilobytes) * 1024;
  }
  return bytes;
}

/**
 * User and system time of each thread: fields 14 and 15 of proc_pid_stat(5).
 * @param {number[]} pids
 */
async function ticks(pids) {
  /** @type {Map<string, number>} */
  const all = new Map();
  for (const pid of pids) {
    const folder = `/proc/${pid}/task`;
    for (const thread of await readdir(folder).catch(() => [])) {
      const path = `${folder}/${thread}/stat`;
      const stat = await readFile(path, "utf8").catch(() => "");
      // The name, in parentheses, may hold spaces; the fields behind it start with the third.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      all.set(thread, Number(fields[11] ?? 0) + Number(fields[12] ?? 0));
    }
  }
  return all;
}
