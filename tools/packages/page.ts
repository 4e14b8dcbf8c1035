import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = readFileSync(fileURLToPath(new URL("../../docs/bundlers.md", import.meta.url)), "utf8");

/** A file that `docs/bundlers.md` shows, found by the name in its first line. */
export function fileOfPage(name: string): string {
  const text = [...PAGE.matchAll(/^```js(?: ignore)?\n([^]*?)^```$/gm)].map(([, code]) => code)
    .find((code) => code.startsWith(`// ${name}\n`));
  if (text === undefined) throw new Error(`docs/bundlers.md shows no "${name}"`);
  return text;
}

/** The options of the page's esbuild command, without those that say what it makes. */
export function esbuildOptionsOfPage(): string[] {
  const options = /^npx esbuild \S+ (.+)$/m.exec(PAGE)?.[1];
  if (options === undefined) throw new Error("docs/bundlers.md shows no command of esbuild");
  return options.split(" ").filter((option) => !/^--(?:format|outfile)=/.test(option));
}
