/** The content security policy under which every page here runs, and what browsers report of it. */
import type { IncomingMessage, ServerResponse } from "node:http";

export const DIRECTIVES = {
  "default-src": "'self'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "connect-src": "'self'",
};

const reports = "/violations";
export const POLICY = [...Object.entries(DIRECTIVES), ["report-uri", reports]]
  .map((directive) => directive.join(" "))
  .join("; ");

/** Violations as browsers report them: of a worker's there is no other sign. */
export class Violations {
  readonly found: string[] = [];

  /** Takes a report, and leaves every other request to `otherwise`. */
  answer(
    request: IncomingMessage,
    response: ServerResponse,
    otherwise: () => void,
  ): void {
    if (request.url !== reports) {
      otherwise();
      return;
    }
    let report = "";
    request.on("data", (chunk: Buffer) => (report += chunk.toString()));
    request.on("end", () => {
      this.found.push(report);
      response.writeHead(204).end();
    });
  }
}
