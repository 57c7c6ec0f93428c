import { readFileSync } from "node:fs";

export interface Block {
  language: string;
  /** The line of the file that its first line is, from 1. */
  line: number;
  text: string;
}

/** The fenced code of a Markdown file. */
export function codeBlocks(path: string): Block[] {
  const text = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  const fences = text.matchAll(/^```(.*)\n([^]*?)^```$/gm);
  return [...fences].map(({ 1: language = "", 2: code = "", index }) => ({
    language,
    line: text.slice(0, index).split("\n").length + 1,
    text: code,
  }));
}
