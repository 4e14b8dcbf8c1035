import { assert, assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, FullDataSelector, type Topic } from "../../../mod.ts";
import { Partition } from "../../../src/log/partition.ts";
import { verifyPartition } from "../../../src/log/check/verify.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { type Content, isDataOf } from "../../processes/content.ts";
import type { Outcome } from "../../processes/child/burst.ts";
import type { Note } from "./failing_calls.ts";

/** A topic "events" with one partition, in a new folder. */
export async function withTopic(
  options: Record<string, string | number>,
  body: (place: { rootPath: string; topic: Topic }) => Promise<void>,
): Promise<void> {
  const rootPath = await mkdtemp(join(tmpdir(), "diaspora-failing-calls-"));
  try {
    await using driver = await Driver.open("files", { root_path: rootPath });
    await driver.createTopic("events", options);
    await using topic = await driver.openTopic("events");
    await body({ rootPath, topic });
  } finally {
    await rm(rootPath, { recursive: true });
  }
}

/** The partition of the topic. */
export function partitionOf(rootPath: string): Partition {
  const directory = `${rootPath}/events/partitions/00000000`;
  return new Partition({ storage: nodeStorage, directory, topic: "events", partition: 0 });
}

/** Only pushes that were confirmed. */
export function confirmedOf(outcomes: readonly Outcome[]): (Outcome & { id: number })[] {
  return outcomes.filter((outcome) => "id" in outcome) as (Outcome & { id: number })[];
}

/**
 * Compares what is stored with the outcomes of the pushes: what was confirmed is stored once and under its
 * id; what was refused is stored at most once, and only if the error says so; nothing else is stored, and
 * nothing is damaged.
 */
export async function checkStored(
  { rootPath, topic }: { rootPath: string; topic: Topic },
  outcomes: readonly Outcome[],
): Promise<void> {
  const key = ({ run, seq }: Content): string => `${run}:${seq}`;
  const stored = new Map<number, string>();
  await using consumer = topic.consumer("checker", { dataSelector: FullDataSelector, from: "earliest" });
  for await (const event of consumer.events({ until: "end" })) {
    const content = event.metadata as Content;
    assert(
      isDataOf(content, event.data ?? new Uint8Array(0)),
      `event ${event.id} has data that is not its own`,
    );
    stored.set(event.id, key(content));
  }
  const ids = [...stored.keys()];
  assertEquals(ids, ids.map((_, index) => index), "ids are not dense");
  assertEquals(new Set(stored.values()).size, stored.size, "an event is there twice");
  for (const { id, content } of confirmedOf(outcomes)) {
    assertEquals(stored.get(id), key(content), `event ${id} was confirmed`);
  }
  const allowed = new Set(
    outcomes.filter((outcome) => "id" in outcome || outcome.mayBeStored).map(({ content }) => key(content)),
  );
  assertEquals(
    [...stored.values()].filter((one) => !allowed.has(one)),
    [],
    "these were refused, or never pushed",
  );

  const partition = partitionOf(rootPath);
  try {
    for await (const finding of verifyPartition(partition)) {
      assertEquals(finding.severity, "torn", JSON.stringify(finding));
    }
  } finally {
    partition.close();
  }
}

/**
 * Checks promise 12 against the recorded calls of a process: nothing confirmed is in the part of a file, whose sync
 * failed, that no earlier sync covered. Returns the files whose sync failed.
 */
export function checkConfirmed(
  rootPath: string,
  notes: readonly Note[],
  outcomes: readonly Outcome[],
): Set<string> {
  // Of two syncs at once, the good one may have begun first, and ended last.
  const syncs = notes.filter(({ call, path }) => call === "fdatasync" && path.endsWith(".log"))
    .sort((a, b) => a.begun - b.begun);
  const failed = new Set(syncs.filter(({ result }) => result < 0).map(({ path }) => path));
  const syncedUpTo = (path: string): number => {
    const its = syncs.filter((sync) => sync.path === path);
    const good = its.slice(0, its.findIndex(({ result }) => result < 0));
    return Math.max(0, ...good.map(({ size }) => size));
  };
  const partition = partitionOf(rootPath);
  try {
    for (const { id } of confirmedOf(outcomes)) {
      const { segment, offset } = partition.positionOfId(id)!;
      if (!failed.has(segment.path)) continue;
      assert(
        offset < syncedUpTo(segment.path),
        `event ${id} at ${offset} was confirmed, and the last good sync of "${segment.path}" came at ${
          syncedUpTo(segment.path)
        }`,
      );
    }
  } finally {
    partition.close();
  }
  return failed;
}
