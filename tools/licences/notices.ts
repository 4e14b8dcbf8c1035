import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Packages bundled into the web page. */
export const IN_THE_PAGE: readonly string[] = ["lit-html", "uplot"];

/** Packages that the compiled program contains, without their dependencies. */
export const PACKAGES_INSIDE: readonly string[] = ["@platformatic/kafka", "ajv", "cborg", "yaml"];

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

/** The licence notices that have to be distributed with code that contains the packages. */
export function noticesOf(names: readonly string[]): string {
  const parts = names.map((name) => {
    const { version, license } = readInstalled(name);
    const text = licenceOf(name) ?? `Licence: ${license}. The package brings no text of it.`;
    return `## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  });
  return "# Third-party notices\n\nCode of these packages is a part of what this file comes with.\n\n" +
    parts.join("\n");
}

/** Writes a program's notices next to it: they are distributed together. */
export function noticesFileBeside(program: string): string {
  return join(dirname(program), "THIRD_PARTY_NOTICES.md");
}
