import type { Metafile } from "esbuild";

/** How much code takes as long to load as a file takes to open: on Node 10 kB, or 0.7 ms. */
const FILE_BYTES = 10_000;

/** Modules that the same entries load, which esbuild therefore puts into one file. */
interface Part {
  /** A bit for each entry that loads it. */
  entries: bigint;
  modules: string[];
  bytes: number;
}

/**
 * What each entry of a bundle, those of dynamic imports included, should import besides its own imports, so that a
 * program opens fewer files. A bundle has a file for every set of entries that share modules, and many of these files
 * have one small function. Parts are joined, which makes some entries load code in vain, as long as that takes less
 * time than opening the files that are saved.
 */
export function importsForFewerParts({ inputs, outputs }: Metafile): Map<string, string[]> {
  const entries = Object.values(outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  const importsOf = (module: string): string[] =>
    inputs[module].imports.filter(({ external, kind }) => !external && kind !== "dynamic-import")
      .map(({ path }) => path);
  const closures = new Map(Object.keys(inputs).map((module) => [module, closureOf(module, importsOf)]));

  const loadedBy = new Map<string, bigint>();
  entries.forEach((entry, index) => {
    for (const module of closures.get(entry)!) {
      loadedBy.set(module, (loadedBy.get(module) ?? 0n) | 1n << BigInt(index));
    }
  });

  /** Whether all of some entries may load a part, of which some do not. */
  const mayLoad = (some: bigint, { entries: already, modules }: Part, joined: Part): boolean => {
    const added = entries.filter((_, index) => some & ~already & 1n << BigInt(index));
    return modules.every((module) => {
      const closure = closures.get(module)!;
      // What it imports would be loaded too, and leave its own part. A circle would change the order in which modules
      // run, and CommonJS has no imports.
      return [...closure].every((each) =>
        (loadedBy.get(each)! & some) === some || joined.modules.includes(each)
      ) &&
        !added.some((entry) => closure.has(entry) || inputs[entry].format === "cjs");
    });
  };

  const parts = partsOf(loadedBy, outputs);
  for (let pair = bestPair(parts, mayLoad); pair !== undefined; pair = bestPair(parts, mayLoad)) {
    const part = joinedOf(...pair);
    for (const each of pair) parts.delete(each);
    parts.add(part);
    for (const module of part.modules) loadedBy.set(module, part.entries);
  }
  return new Map(entries.map((entry, index) => [
    entry,
    [...loadedBy].filter(([module, loading]) =>
      loading & 1n << BigInt(index) && !closures.get(entry)!.has(module)
    )
      .map(([module]) => module),
  ]));
}

/** A module, and all that it imports, directly or through others. */
function closureOf(module: string, importsOf: (module: string) => string[]): Set<string> {
  const closure = new Set([module]);
  // What is added is visited too.
  for (const each of closure) for (const path of importsOf(each)) closure.add(path);
  return closure;
}

function partsOf(loadedBy: ReadonlyMap<string, bigint>, outputs: Metafile["outputs"]): Set<Part> {
  const sizes = new Map(
    Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs))
      .map(([path, { bytesInOutput }]) => [path, bytesInOutput]),
  );
  const parts = new Map<bigint, Part>();
  for (const [module, entries] of loadedBy) {
    const { modules, bytes } = parts.get(entries) ?? { modules: [], bytes: 0 };
    parts.set(entries, { entries, modules: [...modules, module], bytes: bytes + (sizes.get(module) ?? 0) });
  }
  return new Set(parts.values());
}

function joinedOf(one: Part, other: Part): Part {
  return {
    entries: one.entries | other.entries,
    modules: [...one.modules, ...other.modules],
    bytes: one.bytes + other.bytes,
  };
}

/** The two parts which save most when they are joined. */
function bestPair(
  parts: ReadonlySet<Part>,
  mayLoad: (entries: bigint, part: Part, joined: Part) => boolean,
): [Part, Part] | undefined {
  // A part of one entry is in the entry's own file.
  const shared = [...parts].filter(({ entries }) => count(entries) > 1);
  const pairs = shared.flatMap((one, index) =>
    shared.slice(index + 1).map((other) => [one, other] as [Part, Part])
  )
    .map((pair) => ({ pair, saved: savedBy(...pair) })).filter(({ saved }) => saved > 0)
    .sort((one, other) => other.saved - one.saved);
  return pairs.find(({ pair }) => {
    const joined = joinedOf(...pair);
    return pair.every((part) => mayLoad(joined.entries, part, joined));
  })?.pair;
}

/** How much less code and files all entries load, in bytes of code, if two parts are one. */
function savedBy(one: Part, other: Part): number {
  const all = one.entries | other.entries;
  return count(one.entries & other.entries) * FILE_BYTES -
    count(all & ~one.entries) * one.bytes - count(all & ~other.entries) * other.bytes;
}

function count(entries: bigint): number {
  return entries.toString(2).replaceAll("0", "").length;
}
