import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Packages that the page is made with. */
export const IN_THE_PAGE: readonly string[] = ["lit-html", "uplot"];

/** Packages that the compiled program holds, with what they need. */
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

/** The licence of a package as it came with it; undefined where it brings none but its name. */
export function licenceOf(name: string): string | undefined {
  const folder = join("node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  return file === undefined ? undefined : readFileSync(join(folder, file), "utf8").trim();
}

/** A package as a bill of materials refers to it. */
export function referenceOf(name: string): string {
  return `${name}@${readInstalled(name).version}`;
}

/** The packages with all that they need, by name. */
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

/** What the licences of packages want to be passed on with the code that holds them. */
export function noticesOf(names: readonly string[]): string {
  const parts = names.map((name) => {
    const { version, license } = readInstalled(name);
    const text = licenceOf(name) ?? `Licence: ${license}. The package brings no text of it.`;
    return `## ${name} ${version}\n\n${license}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  });
  return "# Third-party notices\n\nCode of these packages is a part of what this file comes with.\n\n" +
    parts.join("\n");
}

/** Puts the notices of a program beside it: they are passed on together. */
export function noticesFileBeside(program: string): string {
  return join(dirname(program), "THIRD_PARTY_NOTICES.md");
}
