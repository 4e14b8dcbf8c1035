import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { pageHtml, SEARCH, startHtml, STYLE } from "./layout.ts";
import { findPages } from "./pages.ts";
import { type Passage, PICTURES, render } from "./render.ts";

/** Writes the pages of the guide, the examples and the decisions, and their search, to `output`. */
export function buildSite(root: string, output: string): void {
  const { homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const repository = `${homepage.replace("#readme", "")}/blob/main/`;
  const pages = findPages(root);
  const passages: Passage[] = [];
  for (const page of pages) {
    const rendered = render(page, pages, root, repository);
    write(output, page.target, pageHtml(page.target, page.title, rendered.html, pages));
    passages.push(...rendered.passages.filter(({ text }) => text !== ""));
  }
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const pitch = readme.split("\n\n").slice(1, 3).join("\n\n");
  const program = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? "";
  const start = { ...pages[0], source: "README.md", target: "index.html", markdown: pitch };
  const { html } = render(start, pages, root, repository);
  write(output, "index.html", pageHtml("index.html", "Start", startHtml(html, program), pages));
  cpSync(join(root, PICTURES), join(output, PICTURES), { recursive: true });
  write(output, "site.css", STYLE);
  write(output, "search.js", SEARCH);
  const index = passages.map(({ text, ...passage }) => ({
    ...passage,
    text: text.replaceAll(/\s+/g, " ").slice(0, 2000),
  }));
  write(output, "search_index.js", `const SEARCH_INDEX = ${JSON.stringify(index)};\n`);
}

/** Dead links of the site's own pages, as `page: link`; the API pages are checked by their generator. */
export function deadLinks(output: string): string[] {
  return htmlFiles(output, "").filter((path) => !path.startsWith("api/")).flatMap((path) => {
    const html = readFileSync(join(output, path), "utf8");
    return [...html.matchAll(/(?:href|src|srcset)="([^"]+)"/g)].map(([, link]) => link)
      .filter((link) => !/^(?:https?|mailto):/.test(link) && !leads(output, path, link))
      .map((link) => `${path}: ${link}`);
  });
}

function leads(output: string, from: string, link: string): boolean {
  const [path, anchor] = link.split("#");
  const target = path === "" ? from : normalize(join(dirname(from), path));
  const file = join(output, target);
  if (!existsSync(file) || !statSync(file).isFile()) return false;
  if (anchor === undefined || anchor === "" || target.startsWith("api/")) return true;
  return readFileSync(file, "utf8").includes(`id="${anchor}"`);
}

function htmlFiles(output: string, folder: string): string[] {
  return readdirSync(join(output, folder)).flatMap((name) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (statSync(join(output, path)).isDirectory()) return path === "api" ? [] : htmlFiles(output, path);
    return name.endsWith(".html") ? [path] : [];
  });
}

function write(output: string, path: string, text: string): void {
  mkdirSync(dirname(join(output, path)), { recursive: true });
  writeFileSync(join(output, path), text);
}
