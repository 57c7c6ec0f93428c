/** The weights' address. Bundlers that know this form move the file along with the page. */
export const weights = new URL("./resnet18-int8.safetensors", import.meta.url);
