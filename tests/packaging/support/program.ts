/** Runs programs to their end. One that fails throws with everything it printed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { basename } from "node:path";

export function node(args: string[], cwd: string): Promise<string> {
  return program(process.execPath, args, cwd);
}

/** npm is a script: run it with this very node where npm says where it is, and through a shell on Windows. */
export function npm(args: string[], cwd: string): Promise<string> {
  const script = process.env.npm_execpath;
  if (script && basename(script) === "npm-cli.js" && existsSync(script))
    return node([script, ...args], cwd);
  return program("npm", args, cwd, process.platform === "win32");
}

function program(
  command: string,
  args: string[],
  cwd: string,
  shell = false,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // The test runner's own setting would make bundlers build for development.
    const env = { ...process.env, NODE_ENV: undefined };
    const options = { cwd, env, shell, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) {
        resolve(stdout);
        return;
      }
      const line = [basename(command), ...args].join(" ");
      reject(new Error(`"${line}" failed in ${cwd}:\n${stdout}${stderr}`));
    });
  });
}
