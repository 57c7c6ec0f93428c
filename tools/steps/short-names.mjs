/** The names under which a module and its bindings know each other, after wasm-opt has shortened the module's. */

/** The object of imports, as wasm-bindgen names it. */
const MODULE = '"./headstart_bg.js"';

/**
 * @typedef {{ imports: [module: string, name: string, short: string][], exports: [name: string, short: string][] }} Names
 *
 * The bindings with the names that the module now has.
 * @param {string} bindings JavaScript from wasm-bindgen
 * @param {string} report what wasm-opt printed
 */
export function withShortNames(bindings, report) {
  /** @type {Names} */
  const { imports, exports } = JSON.parse(report);
  if (!bindings.includes(MODULE)) {
    throw new Error(`wasm-bindgen's bindings have no imports ${MODULE}`);
  }
  const shortOf = new Map(imports.map(([, name, short]) => [name, short]));
  const short = new Map(exports);
  return (
    bindings
      // wasm-opt calls the one module that everything is imported from "a".
      .replace(MODULE, '"a"')
      .replace(/^( +)(__wb\w+): function/gm, (line, space, name) => {
        const key = shortOf.get(name);
        return key === undefined ? line : `${space}${key}: function`;
      })
      .replace(/\bwasm\.(\w+)/g, (use, name) => {
        const key = short.get(name);
        return key === undefined ? use : `wasm.${key}`;
      })
  );
}
