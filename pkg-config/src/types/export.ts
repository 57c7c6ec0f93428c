/** What a classifier can be exported as. */

/**
 * `"project"`: classes, embeddings, head and report, to go on with; `"safetensors"`: the head alone, for other
 * programs. Layers of the network that were fine-tuned go with both.
 */
export type ExportFormat = "project" | "safetensors";
