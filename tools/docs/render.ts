import { Marked } from "marked";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { linkBetween, type Page } from "./pages.ts";
import { withPlots } from "./plots.ts";

/** The folder of the pictures, in the repository and in the site. */
export const PICTURES = "docs/pictures";

/** A passage of a page for the search. */
export interface Passage {
  title: string;
  heading: string;
  url: string;
  text: string;
}

/** A page as HTML, and its passages. */
export interface Rendered {
  html: string;
  passages: Passage[];
}

/** The anchor of a heading, as on GitHub. */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/<[^>]+>|&\w+;/g, "").replace(/[^\p{L}\p{N}_\- ]/gu, "").replaceAll(
    " ",
    "-",
  );
}

/** Text without tags and entities. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}

/**
 * Renders a page of Markdown or a program. `root` is the repository, `repository` its URL with `/blob/main/`.
 */
export function render(page: Page, pages: readonly Page[], root: string, repository: string): Rendered {
  if (page.markdown === undefined) {
    return {
      html: `<h1>${escapeHtml(page.source)}</h1>\n<pre><code>${escapeHtml(page.text)}</code></pre>`,
      passages: [{ title: page.title, heading: "", url: page.target, text: page.text }],
    };
  }
  const passages: Passage[] = [{ title: page.title, heading: "", url: page.target, text: "" }];
  const marked = new Marked({
    gfm: true,
    walkTokens: (token) => {
      if (token.type === "link") token.href = targetOf(token.href, page, pages, root, repository);
      if (token.type === "heading") {
        passages.push({
          title: page.title,
          heading: token.text.replaceAll("`", ""),
          url: `${page.target}#${anchorOf(token.text)}`,
          text: "",
        });
      } else if (["paragraph", "code", "table", "list"].includes(token.type)) {
        passages.at(-1)!.text += ` ${token.raw}`;
      }
    },
    renderer: {
      heading: (text, level, raw) => `<h${level} id="${anchorOf(raw)}">${text}</h${level}>\n`,
      code: (code, language) => {
        const [name] = (language ?? "").split(" ");
        return `<pre class="${escapeHtml(name)}"><code>${escapeHtml(code)}</code></pre>\n`;
      },
      table: (head, body) =>
        `<div class="wide"><table><thead>${head}</thead><tbody>${body}</tbody></table></div>\n`,
      blockquote: (quote) =>
        `<blockquote>${quote.replace("[!IMPORTANT]", "<strong>Important.</strong>")}</blockquote>\n`,
    },
  });
  const html = marked.parse(withPlots(page.markdown)) as string;
  return { html: withLocalPictures(html, page, repository), passages };
}

/** Pictures that a page names by their URL in the repository are part of the site. */
function withLocalPictures(html: string, page: Page, repository: string): string {
  const raw = repository.replace("//github.com/", "//raw.githubusercontent.com/").replace("/blob/", "/");
  return html.replaceAll(`${raw}${PICTURES}/`, `${linkBetween(page.target, PICTURES)}/`);
}

/** The target of a link within the site; files that are not part of it are linked in the repository. */
function targetOf(
  href: string,
  page: Page,
  pages: readonly Page[],
  root: string,
  repository: string,
): string {
  const local = href.startsWith(repository) ? `/${href.slice(repository.length)}` : href;
  if (/^\w+:|^#/.test(local)) return href;
  const [path, anchor] = local.split("#");
  const source = normalize(path.startsWith("/") ? path.slice(1) : join(dirname(page.source), path)).replace(
    /\/$/,
    "",
  );
  const found = pages.find((one) => one.source === source || one.source === `${source}/README.md`);
  const suffix = anchor === undefined ? "" : `#${anchor}`;
  if (found !== undefined) return linkBetween(page.target, found.target) + suffix;
  if (!existsSync(join(root, source))) {
    throw new Error(`${page.source} links to "${href}", which is not there`);
  }
  return repository + source + suffix;
}
