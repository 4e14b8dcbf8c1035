/** The result of one test. */
export interface TestOutcome {
  /** The test's name. */
  name: string;
  /** The file that registered it, if it failed: reports name the module that imports several files. */
  file?: string;
  /** How it ended. */
  result: "passed" | "failed" | "skipped";
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function decode(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      return String.fromCodePoint(parseInt(decimal ?? hex ?? "", decimal === undefined ? 16 : 10));
    },
  );
}

/** Reads the report format that the runners of Deno, Node and Bun all write. */
export function readJunit(xml: string): TestOutcome[] {
  const outcomes: TestOutcome[] = [];
  // Node does not escape `>` in names.
  const pattern = /<testcase\b((?:[^>"]|"[^"]*")*?)(?:\/>|>(.*?)<\/testcase>)/gs;
  for (const [, attributes, inside = ""] of xml.matchAll(pattern)) {
    // Node escapes quotes twice.
    const name = decode(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "").replaceAll("&quot;", '"');
    const failed = /<(?:failure|error)\b/.test(inside);
    const skipped = /<skipped\b/.test(inside);
    outcomes.push({ name, result: failed ? "failed" : skipped ? "skipped" : "passed" });
  }
  return outcomes;
}
