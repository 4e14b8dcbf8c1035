import type { Mutant } from "./mutants.ts";

/** The mutants of one node. */
interface Place {
  start: number;
  end: number;
  shape: Mutant["shape"];
  mutants: Mutant[];
  inside: Place[];
}

/** If both have the same extent, statements enclose expressions. */
const OUTER_FIRST: Record<Mutant["shape"], number> = { insertion: 0, statement: 1, expression: 2 };

/** The nodes, nested as in the text. */
function nest(mutants: readonly Mutant[]): Place[] {
  const places = new Map<string, Place>();
  for (const mutant of mutants) {
    const { start, end, shape } = mutant;
    const key = `${start}:${end}:${shape}`;
    const place = places.get(key) ?? { start, end, shape, mutants: [], inside: [] };
    place.mutants.push(mutant);
    places.set(key, place);
  }
  const ordered = [...places.values()].sort((a, b) =>
    a.start - b.start || (a.shape === "insertion" ? -1 : 0) - (b.shape === "insertion" ? -1 : 0) ||
    b.end - a.end ||
    OUTER_FIRST[a.shape] - OUTER_FIRST[b.shape]
  );
  const roots: Place[] = [];
  const open: Place[] = [];
  for (const place of ordered) {
    while (open.length > 0 && open[open.length - 1].end < Math.max(place.end, place.start + 1)) open.pop();
    (open.at(-1)?.inside ?? roots).push(place);
    if (place.shape !== "insertion") open.push(place);
  }
  return roots;
}

/**
 * The file with all its mutants in it, each selected by its number: `is(7)` says whether mutant 7 is active.
 * So every mutant is compiled at once, and switching to another one only means setting a number.
 */
export function withSwitch(text: string, mutants: readonly Mutant[], switchModule: string): string {
  const emit = (start: number, end: number, places: readonly Place[]): string => {
    let out = "";
    let at = start;
    for (const place of places) {
      out += text.slice(at, place.start) + emitPlace(place);
      at = place.end;
    }
    return out + text.slice(at, end);
  };
  const emitPlace = ({ start, end, shape, mutants, inside }: Place): string => {
    const original = emit(start, end, inside);
    const choose = (form: (mutant: Mutant) => string): string => mutants.map(form).join("");
    if (shape === "insertion") {
      return choose(({ number, replacement }) => `if(__is(${number}))${replacement}\n`) + original;
    }
    if (shape === "statement") {
      return `{${
        choose(({ number, replacement }) => `if(__is(${number})){${replacement}}else `)
      }${original}}`;
    }
    return `(${choose(({ number, replacement }) => `__is(${number})?(${replacement}):`)}(${original}))`;
  };
  // In the first line, so that line numbers do not change.
  return `import { is as __is } from "${switchModule}"; ` + emit(0, text.length, nest(mutants));
}
