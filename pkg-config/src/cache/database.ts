/** The browser's database, where embeddings are kept. */
import { openDB, type DBSchema, type IDBPDatabase } from "idb";

interface Schema extends DBSchema {
  embeddings: { key: string; value: Float32Array };
}

export type Database = IDBPDatabase<Schema>;

/** Rejects where there is none, for example in some private windows. */
export async function openDatabase(): Promise<Database> {
  const database = await openDB<Schema>("headstart", 1, {
    upgrade: (created) => void created.createObjectStore("embeddings"),
    // A later version of the package, in another tab, must not be held up.
    blocking: () => database.close(),
  });
  return database;
}
