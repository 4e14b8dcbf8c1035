import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/** A file of the repository that becomes a page of the site. */
export interface Page {
  /** Its path in the repository. */
  source: string;
  /** Its path in the site. */
  target: string;
  /** The section of the site it belongs to. */
  part: string;
  title: string;
  /** Markdown; undefined for a program, which is shown as source. */
  markdown: string | undefined;
  text: string;
}

/** The guide in reading order; pages that are not named come after it, by name. */
const FIRST = [
  "README",
  "topics",
  "producers",
  "consumers",
  "components",
  "drivers",
  "durability",
  "kafka",
  "ctl",
  "ui",
];

/** The pages of the site, section by section. */
export function findPages(root: string): Page[] {
  return [
    ...filesIn(root, "docs", /\.md$/).filter((path) =>
      dirname(path) === "docs" && path !== "docs/reference.md"
    )
      .sort((one, other) => rank(one) - rank(other)).map((path) => pageOf(root, path, "Guide")),
    pageOf(root, "docs/reference.md", "Reference"),
    ...filesIn(root, "examples", /\.md$/).map((path) => pageOf(root, path, "Examples")),
    ...filesIn(root, "docs/decisions", /\.md$/).map((path) => pageOf(root, path, "Decisions")),
    ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map((path) =>
      pageOf(root, path, "Project")
    ),
    ...filesIn(root, "examples", /\.(?:ts|yaml|html)$/).map((path) => pageOf(root, path, "Programs")),
  ];
}

/** A relative link from one page of the site to another. */
export function linkBetween(from: string, to: string): string {
  return relative(dirname(from), to).replaceAll("\\", "/") || ".";
}

function rank(path: string): number {
  const at = FIRST.indexOf(path.replace(/^docs\/|\.md$/g, ""));
  return at === -1 ? FIRST.length : at;
}

function filesIn(root: string, folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder)).sort().flatMap((name) => {
    const path = `${folder}/${name}`;
    if (statSync(join(root, path)).isDirectory()) return filesIn(root, path, pattern);
    return pattern.test(name) ? [normalize(path)] : [];
  });
}

/** The site has a separate start page. */
function targetOf(source: string): string {
  if (source === "README.md") return "readme.html";
  return source.replace(/README\.md$/, "index.md").replace(/\.md$/, ".html");
}

function pageOf(root: string, source: string, part: string): Page {
  const text = readFileSync(join(root, source), "utf8");
  const isMarkdown = source.endsWith(".md");
  return {
    source,
    target: isMarkdown ? targetOf(source) : `${source}.html`,
    part,
    title: isMarkdown ? /^# (.+)$/m.exec(text)?.[1] ?? source : source,
    markdown: isMarkdown ? text : undefined,
    text,
  };
}
