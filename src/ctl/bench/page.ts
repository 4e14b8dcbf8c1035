import { escaped } from "./chart/svg.ts";

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2430;--soft:#667080;--rule:#e3e7ee;--paper:#fff;--ground:#f3f5f9}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf3;--soft:#9aa4b5;--rule:#303846;--paper:#161b24;--ground:#0e1218}}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{max-width:1560px;margin:0 auto;padding:32px 24px 64px}
h1{font-size:26px;margin:0 0 12px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0 0 24px;color:var(--soft);font-size:13px}
dd{margin:0;color:var(--ink)}
.all{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:20px;align-items:start}
.card{grid-column:1/-1;background:var(--paper);border-radius:8px;padding:20px;overflow-x:auto}
figure{margin:0;overflow-x:auto}
svg{max-width:100%;height:auto;display:block}
.narrow{display:none}.narrow svg{width:100%}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
table+table{margin-top:20px}
th,td{padding:6px 10px;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th{color:var(--soft);font-weight:500;font-size:13px}
th:first-child,td:first-child{text-align:left;padding-left:0}
@media(max-width:600px){main{padding:16px 12px 32px}h1{font-size:21px}dl{grid-template-columns:1fr}dd{margin-bottom:6px}
.card{padding:12px 10px}th,td{padding:5px 3px;font-size:12.5px}th:first-child,td:first-child{white-space:normal}figure>svg{max-width:none;width:620px}.wide{display:none}.narrow{display:block}}
`;

/** A picture as SVG in two sizes. */
export interface Pictures {
  wide: string;
  narrow: string;
}

/** A self-contained page: tables and pictures, with the environment in which they were measured. */
export function page(
  { title, facts, sections }: {
    title: string;
    facts: Readonly<Record<string, string>>;
    /** Each one is a table, or a picture as SVG, perhaps with another one for phones. */
    sections: readonly (string | Pictures)[];
  },
): string {
  const cards = sections.map((content) => {
    if (typeof content !== "string") {
      const { wide, narrow } = content;
      return `<figure><div class="wide">${wide}</div><div class="narrow">${narrow}</div></figure>`;
    }
    return content.startsWith("<svg") ? `<figure>${content}</figure>` : `<div class="card">${content}</div>`;
  });
  const list = Object.entries(facts).map(([name, fact]) =>
    `<dt>${escaped(name)}</dt><dd>${escaped(fact)}</dd>`
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<main>
<h1>${escaped(title)}</h1>
<dl>${list.join("")}</dl>
<div class="all">
${cards.join("\n")}
</div>
</main>
</html>
`;
}

/** A table; the first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${row(head, "th")}</thead><tbody>${
    rows.map((cells) => row(cells, "td")).join("")
  }</tbody></table>`;
}
