import assert from "node:assert/strict";
import { test } from "node:test";
import { withShortNames } from "../../tools/steps/short-names.mjs";

const BINDINGS = `
export function hash(bytes) {
    const ptr = passArray8ToWasm0(bytes, wasm.__wbindgen_malloc);
    return wasm.hash(ptr, bytes.length) + wasm.unknown();
}
function imports() {
    const import0 = {
        __proto__: null,
        __wbg_new_0123456789abcdef: function() {
            return new Object();
        },
        __wbg_other_0123456789abcdef: function(arg0) {
            return arg0.__wbg_new_0123456789abcdef;
        },
    };
    return { __proto__: null, "./headstart_bg.js": import0 };
}
`;
const REPORT = JSON.stringify({
  imports: [
    ["./headstart_bg.js", "__wbg_new_0123456789abcdef", "$"],
    ["./headstart_bg.js", "__wbg_other_0123456789abcdef", "A"],
  ],
  exports: [
    ["__wbindgen_malloc", "b"],
    ["hash", "c"],
  ],
});

test("bindings call a module by the names that it now has", () => {
  const short = withShortNames(BINDINGS, REPORT);
  assert.match(short, /passArray8ToWasm0\(bytes, wasm\.b\)/);
  assert.match(short, /wasm\.c\(ptr, bytes\.length\) \+ wasm\.unknown\(\)/);
  assert.match(short, /^ +\$: function\(\) \{$/m);
  assert.match(short, /^ +A: function\(arg0\) \{$/m);
  assert.match(short, /"a": import0/);
});

test("what JavaScript itself is called by stays", () => {
  const short = withShortNames(BINDINGS, REPORT);
  assert.match(short, /export function hash\(bytes\)/);
  assert.match(short, /arg0\.__wbg_new_0123456789abcdef/);
});

test("bindings of another form are refused rather than left half renamed", () => {
  assert.throws(() => withShortNames("export {};", REPORT), /no imports/);
});
