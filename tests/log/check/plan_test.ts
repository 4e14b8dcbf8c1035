import { assertEquals } from "@std/assert";
import type { Finding, FindingKind, Severity } from "../../../src/log/check/finding.ts";
import { planRepair } from "../../../src/log/check/plan.ts";
import { test } from "../../harness.ts";

const FILE = "/p/00000000000000000000.log";
const INDEX = "/p/00000000000000000000.idx";

function finding(severity: Severity, kind: FindingKind, more: Partial<Finding> = {}): Finding {
  return { severity, kind, partition: 3, firstId: 5, endId: 8, file: FILE, offset: 64, reason: "r", ...more };
}

/** What is done about each finding alone; `undefined`: people decide, `"nothing"`: nothing is wrong. */
const REMEDIES: [severity: Severity, kind: FindingKind, remedy: string | undefined][] = [
  ["damage", "segment missing", "make segment"],
  ["damage", "segment header", "make segment"],
  ["redundant", "segment header", "write header"],
  ["damage", "segment foreign", undefined],
  ["redundant", "frame header", "restore records"],
  ["redundant", "frame trailer", "restore records"],
  ["damage", "frame", "give up events"],
  ["redundant", "frame", "give up events"],
  ["damage", "ids", undefined],
  ["damage", "gap", "give up events"],
  ["damage", "missing end", "give up end"],
  ["damage", "data", "give up data"],
  ["redundant", "data", "give up data"],
  ["damage", "chunk", "give up events"],
  ["torn", "leftover", "nothing"],
  ["redundant", "index", "rebuild index"],
  ["torn", "index", "rebuild index"],
  ["torn", "dependency marker", "write dependency marker"],
  ["damage", "position", "clear position"],
  ["redundant", "position", "clear position"],
  ["redundant", "consumer name", "write consumer name"],
  ["damage", "consumer name", undefined],
  ["foreign", "foreign file", undefined],
];

test("planRepair() has a step for everything that verify finds", () => {
  for (const [severity, kind, remedy] of REMEDIES) {
    const found = finding(severity, kind, { bytes: 9, keptId: 2 });
    const { steps, unrepairable } = planRepair([found]);
    const what = `${severity} ${kind}`;
    if (remedy === "nothing") assertEquals([steps, unrepairable], [[], []], what);
    else if (remedy === undefined) assertEquals([steps, unrepairable], [[], [found]], what);
    else {
      assertEquals(unrepairable, [], what);
      const { severity: _, kind: _kind, ...rest } = found;
      assertEquals(steps as unknown[], [{ ...rest, kind: remedy }], what);
    }
  }
});

test("planRepair() changes the affected frame, wherever the damage is", () => {
  const frame = { segmentId: 42, offset: 640, firstId: 4 };
  const { steps } = planRepair([finding("damage", "data", { frame, file: "/p/00000000000000000099.log" })]);
  assertEquals(steps.map(({ file, offset, frameId, firstId }) => [file, offset, frameId, firstId]), [
    ["/p/00000000000000000042.log", 640, 4, 5],
  ]);
});

test("planRepair() keeps the order, and fixes each finding once", () => {
  const frame = { segmentId: 0, offset: 64, firstId: 5 };
  const { steps } = planRepair([
    finding("redundant", "index", { file: INDEX, offset: 0 }),
    finding("redundant", "index", { file: INDEX, offset: 32 }),
    finding("damage", "data", { frame, offset: 1 }),
    finding("damage", "data", { frame, offset: 2 }),
    // Other events of the same frame are a separate run.
    finding("damage", "data", { frame, offset: 2, firstId: 7 }),
    finding("damage", "gap", { offset: 900 }),
    finding("damage", "gap", { offset: 300 }),
  ]);
  assertEquals(steps.map(({ kind, offset, firstId }) => [kind, offset, firstId]), [
    ["rebuild index", 0, 5],
    ["give up data", 64, 5],
    ["give up data", 64, 7],
    ["give up events", 900, 5],
    ["give up events", 300, 5],
  ]);
});

test("planRepair() does not restore the records of a frame that another step writes anyway", () => {
  const at = (offset: number, firstId = 5) => ({ frame: { segmentId: 0, offset, firstId } });
  const other = "/p/00000000000000000042.log";
  const { steps } = planRepair([
    finding("redundant", "frame header", at(64)),
    finding("redundant", "frame trailer", at(64)),
    finding("damage", "data", at(64)),
    finding("redundant", "frame header", at(300)),
    finding("redundant", "frame header", { frame: { segmentId: 42, offset: 64, firstId: 50 }, file: other }),
    finding("redundant", "frame trailer", at(500)),
    finding("damage", "frame", { offset: 500 }),
    finding("redundant", "index", { file: INDEX, offset: 300 }),
  ]);
  assertEquals(steps.map(({ kind, file, offset }) => [kind, file, offset]), [
    ["give up data", FILE, 64],
    ["restore records", FILE, 300],
    ["restore records", other, 64],
    ["give up events", FILE, 500],
    ["rebuild index", INDEX, 300],
  ]);
});

test("planRepair() lists what cannot be repaired, in the order found", () => {
  const found = [
    finding("damage", "ids", { offset: 9 }),
    finding("damage", "segment foreign", { offset: 3 }),
  ];
  assertEquals(planRepair(found).unrepairable, found);
});
