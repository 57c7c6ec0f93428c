/** What a classifier can be exported as. */

/**
 * `"project"`: classes, embeddings, head and report, to go on with; `"safetensors"`: the head alone, for other
 * programs.
 */
export type ExportFormat = "project" | "safetensors";
