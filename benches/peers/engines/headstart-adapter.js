/** What the package tells a module of the graphics adapter, which decides the kernels that it uses. */
import { nameOf, queryAdapter } from "../../../pkg-config/src/backend.ts";

export async function adapterName() {
  const adapter = await queryAdapter();
  return adapter.found ? nameOf(adapter) : undefined;
}
