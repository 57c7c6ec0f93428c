import adapter from "@sveltejs/adapter-node";

export default {
  kit: {
    // Compressing the modules beforehand takes longer than all the rest.
    adapter: adapter({ precompress: false }),
    // As strict as the site's own; the one script inside the page gets a nonce.
    csp: {
      directives: {
        "default-src": ["self"],
        "script-src": ["self", "wasm-unsafe-eval"],
        "worker-src": ["self"],
        // SvelteKit's announcer of pages has a style of its own.
        "style-src": ["self", "unsafe-inline"],
        "connect-src": ["self"],
        "report-uri": ["/violations"],
      },
    },
  },
};
