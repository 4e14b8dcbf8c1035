import { linkBetween, type Page } from "./pages.ts";
import { escapeHtml } from "./render.ts";

/** The sections of the site, which the list next to every page shows. */
const LISTED = ["Guide", "Reference", "Examples", "Decisions", "Project"];

/** A complete page: the list of pages and the search on the left, the content on the right. */
export function pageHtml(target: string, title: string, content: string, pages: readonly Page[]): string {
  const base = "../".repeat(target.split("/").length - 1);
  const entry = (to: string, text: string) =>
    `<li><a href="${linkBetween(target, to)}"${to === target ? ' aria-current="page"' : ""}>${
      escapeHtml(text.replaceAll("`", ""))
    }</a></li>`;
  const lists = LISTED.map((part) => {
    const entries = pages.filter((page) => page.part === part).map((page) => entry(page.target, page.title));
    if (part === "Reference") entries.push(entry("api/index.html", "API, symbol by symbol"));
    return `<h2>${part}</h2><ul>${entries.join("")}</ul>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Diaspora Stream</title>
<link rel="stylesheet" href="${base}site.css">
</head>
<body data-base="${base}">
<a class="skip" href="#content">To the content</a>
<nav aria-label="Pages">
<p class="name"><a href="${linkBetween(target, "index.html")}">Diaspora Stream</a></p>
<label>Search <input type="search" id="search" autocomplete="off"></label>
<ul id="found" hidden></ul>
<details class="pages" open><summary>Pages</summary>
${lists.join("\n")}
</details>
</nav>
<main id="content">
${content}
</main>
<script src="${base}search_index.js"></script>
<script src="${base}search.js"></script>
</body>
</html>
`;
}

/** The start page: what the library is, and the three ways to install it. */
export function startHtml(pitch: string, program: string): string {
  return `<h1>Diaspora Stream</h1>
${pitch}
<h2 id="three-ways-in">Three ways in</h2>
<div class="ways">
<section><h3>npm</h3><pre><code>npm install @diaspora/stream</code></pre><p>Node 20.9 and later; <code>bun add @diaspora/stream</code> for Bun.</p></section>
<section><h3>JSR</h3><pre><code>deno add jsr:@diaspora/stream</code></pre><p>Deno, without a package.json.</p></section>
<section><h3>Binary</h3><pre><code>diaspora-ctl --help</code></pre><p>One program that needs nothing else: <a href="https://github.com/diaspora-project/diaspora-stream-ts/releases">releases</a>.</p></section>
</div>
<h2 id="first-program">The first program</h2>
<pre class="ts"><code>${escapeHtml(program)}</code></pre>
<picture><source media="(prefers-color-scheme: dark)" srcset="docs/pictures/events-dark.png">
<img src="docs/pictures/events-light.png" width="1200" height="860" alt="The page of diaspora-ctl ui: an event of a topic, its metadata, and its data as an image"></picture>
<p>Then: <a href="docs/index.html">the guide</a>, <a href="docs/reference.html">the reference</a>,
<a href="api/index.html">the API</a>, <a href="examples/index.html">examples</a>,
<a href="docs/compare.html">a comparison</a>.</p>
`;
}

/** Styles, for light and dark mode. */
export const STYLE =
  `:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --soft: light-dark(#f6f8fa, #161b22);
  --text: light-dark(#1f2328, #e6edf3); --back: light-dark(#fff, #0d1117); --link: light-dark(#0550ae, #79c0ff); }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 17rem minmax(0, 1fr); font: 16px/1.55 system-ui, sans-serif;
  color: var(--text); background: var(--back); }
nav { border-right: 1px solid var(--line); padding: 1rem; height: 100vh; overflow: auto; position: sticky; top: 0; font-size: .9rem; }
nav h2 { font-size: .8rem; margin: 1.2rem 0 .2rem; } nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: .15rem 0; } nav a[aria-current] { font-weight: 600; }
.name { font-weight: 700; margin: 0 0 .6rem; } #search { width: 100%; font: inherit; padding: .3rem; }
#found { border: 1px solid var(--line); margin: .4rem 0; padding: .3rem; max-height: 50vh; overflow: auto; }
#found small { display: block; opacity: .75; }
main { padding: 1rem 2rem 4rem; max-width: 60rem; overflow-wrap: break-word; } a { color: var(--link); }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .8rem; overflow: auto; }
code { font: .87em/1.45 ui-monospace, monospace; } :not(pre) > code { background: var(--soft); padding: .1em .3em; border-radius: 4px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
blockquote { border-left: 4px solid var(--link); margin: 1rem 0; padding: 0 1rem; }
img, .plots svg { max-width: 100%; height: auto; } img { border: 1px solid var(--line); border-radius: 6px; }
figure { margin: 1rem 0; display: grid; gap: 1rem; }
.ways { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; }
.ways section { border: 1px solid var(--line); border-radius: 6px; padding: 0 1rem; }
.ways pre { padding: .7rem .5rem; font-size: .85rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--back); }
@media (min-width: 50.01rem) { .pages > summary { display: none; } }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } main { padding: 1rem; } }
`;

/**
 * Finds passages that contain every word, those in headings first. Works without a server, because the index
 * is a script.
 */
export const SEARCH = `"use strict";
(() => {
  // On a phone, the content comes first.
  if (matchMedia("(max-width: 50rem)").matches) document.querySelector(".pages").open = false;
  const input = document.getElementById("search");
  const list = document.getElementById("found");
  const base = document.body.dataset.base;
  const score = (passage, words) => {
    const head = (passage.title + " " + passage.heading).toLowerCase();
    const text = passage.text.toLowerCase();
    let sum = 0;
    for (const word of words) {
      if (head.includes(word)) sum += 10;
      else if (text.includes(word)) sum += 1;
      else return 0;
    }
    return sum;
  };
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
    const found = words.length === 0 ? [] : SEARCH_INDEX
      .map((passage) => ({ passage, points: score(passage, words) }))
      .filter(({ points }) => points > 0).sort((one, other) => other.points - one.points).slice(0, 20);
    list.replaceChildren(...found.map(({ passage }) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = base + passage.url;
      link.textContent = passage.heading || passage.title;
      const where = document.createElement("small");
      where.textContent = passage.title;
      link.append(where);
      item.append(link);
      return item;
    }));
    list.hidden = found.length === 0;
  });
})();
`;
