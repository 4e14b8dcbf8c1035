import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Packages bundled into the web page. */
export const IN_THE_PAGE: readonly string[] = ["lit-html", "uplot"];

/** Packages that the compiled program contains, without their dependencies. */
export const PACKAGES_INSIDE: readonly string[] = ["@platformatic/kafka", "ajv", "cborg", "minimist", "yaml"];

interface Installed {
  name: string;
  version: string;
  license: string;
  dependencies?: Record<string, string>;
}

function readInstalled(name: string): Installed {
  return JSON.parse(readFileSync(join("node_modules", name, "package.json"), "utf8"));
}

/** The licence text included in a package; undefined if it has only the licence's name. */
export function licenceOf(name: string): string | undefined {
  const folder = join("node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  return file === undefined ? undefined : readFileSync(join(folder, file), "utf8").trim();
}

/** A package's identifier in a bill of materials. */
export function referenceOf(name: string): string {
  return `${name}@${readInstalled(name).version}`;
}

/** The packages with all their dependencies, by name. */
export function withDependencies(names: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    Object.keys(readInstalled(name).dependencies ?? {}).forEach(visit);
  };
  names.forEach(visit);
  return [...found].sort();
}

/** The licence of `@std`, which comes from JSR if it answers, and whose declarations the stand-ins repeat. */
const STD = "## @std\n\nMIT\n\n```text\nMIT License\n\nCopyright 2018-2026 the Deno authors.\n\n" +
  "Permission is hereby granted, free of charge, to any person obtaining a copy of\n" +
  'this software and associated documentation files (the "Software"), to deal in\n' +
  "the Software without restriction, including without limitation the rights to\n" +
  "use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of\n" +
  "the Software, and to permit persons to whom the Software is furnished to do so,\n" +
  "subject to the following conditions:\n\n" +
  "The above copyright notice and this permission notice shall be included in all\n" +
  "copies or substantial portions of the Software.\n\n" +
  'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\n' +
  "IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS\n" +
  "FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR\n" +
  "COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER\n" +
  "IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN\n" +
  "CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.\n```\n";

/** The licence notices that have to be distributed with code that contains the packages. */
export function noticesOf(names: readonly string[]): string {
  const parts = names.map((name) => {
    const { version, license } = readInstalled(name);
    const text = licenceOf(name) ?? `Licence: ${license}. The package brings no text of it.`;
    return `## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  });
  return "# Third-party notices\n\nCode of these packages is a part of what this file comes with.\n\n" +
    [...parts, STD].join("\n");
}

/** Writes a program's notices next to it: they are distributed together. */
export function noticesFileBeside(program: string): string {
  return join(dirname(program), "THIRD_PARTY_NOTICES.md");
}
