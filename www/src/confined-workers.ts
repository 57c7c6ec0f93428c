/**
 * Puts workers under the page's content security policy.
 *
 * A worker that is loaded from an address obeys the headers which came with it, and a static server
 * sends none: it could connect anywhere. A worker from a blob obeys the page that made it. So each
 * worker starts as a blob that does nothing but import the one that was asked for.
 */
export function confineWorkers(): void {
  globalThis.Worker = class extends Worker {
    constructor(script: string | URL, options?: WorkerOptions) {
      const address = new URL(script, document.baseURI).href;
      const code = `import ${JSON.stringify(address)};`;
      const blob = new Blob([code], { type: "text/javascript" });
      super(URL.createObjectURL(blob), { ...options, type: "module" });
    }
  };
}
