/** `node prepack.mjs REMEDY`: npm packs what it finds, so this fails where a file that the package exports is missing. */
import { existsSync, readFileSync, statSync } from "node:fs";

const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const missing = Object.values(exports)
  .flatMap((target) =>
    typeof target === "string" ? target : Object.values(target),
  )
  .filter((path) => !existsSync(path) || standsIn(path));
if (missing.length > 0) {
  console.error(
    `${name} cannot be packed without ${missing.join(", ")}: ${process.argv[2]}.`,
  );
  process.exitCode = 1;
}

/** `npm start` puts a module of eight bytes where one is still being compiled. */
function standsIn(path) {
  return path.endsWith(".wasm") && statSync(path).size === 8;
}
