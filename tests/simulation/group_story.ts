import type { TopicInterface } from "../../src/contract.ts";
import { GROUP } from "./actors/member.ts";
import { readAll } from "./final_checks.ts";
import { BrokenPromise } from "./model/broken_promise.ts";
import { TOPIC, type World } from "./world.ts";

/** Most rounds in which undisturbed members acknowledge everything. */
const ROUNDS_MAX = 80;
/** At least this many, so that they see each other's heartbeats. */
const ROUNDS_MIN = 3;
const ROUND_MS = 200;

/**
 * The remaining members finish the work. Nothing fails any more: everything must be acknowledged, and shared
 * evenly.
 */
export async function drainGroup(world: World): Promise<void> {
  const { group, members, disk } = world;
  if (group === undefined) return;
  const topic = await world.openDriver(world.newProcess()).openTopic(TOPIC);
  for (let round = 1;; round++) {
    for (const member of members) {
      // Killed in what was the last step.
      if (!member.process.alive) member.restart();
      member.work();
    }
    await world.settle(true);
    disk.clock.pass(ROUND_MS);
    if (round >= ROUNDS_MIN && await isDone(world, topic)) break;
    if (round === ROUNDS_MAX) {
      throw new BrokenPromise(`the group has not come to rest: ${await state(world, topic)}`);
    }
  }
  await topic.close();
}

/** Whether everything is acknowledged, and each member knows its share of the partitions. */
async function isDone(world: World, topic: TopicInterface): Promise<boolean> {
  const { members, model } = world;
  if (left(world) !== undefined) return false;
  const lag = await topic.lag(GROUP);
  // What a power cut damaged at the end is skipped with the event that comes after it.
  if (!model.hadPowerCut && lag.some(({ events }) => events > 0)) return false;
  const listed = (await topic.members!(GROUP)).map(({ partitions }) => String(partitions)).sort();
  if (String(listed) !== String(members.map(({ assigned }) => String(assigned)).sort())) return false;
  const counts = members.map(({ assigned }) => assigned.length);
  const owned = new Set(members.flatMap(({ assigned }) => assigned));
  return owned.size === model.partitions.length && Math.max(...counts) - Math.min(...counts) <= 1;
}

/** An event that was not acknowledged. */
function left(world: World): string | undefined {
  const { acknowledged, attempted } = world.group!;
  return readAll(world).flatMap(({ events }) => [...events.values()])
    .find((key) => !acknowledged.has(key) && !attempted.has(key));
}

async function state(world: World, topic: TopicInterface): Promise<string> {
  const { members } = world;
  const lag = (await topic.lag(GROUP)).map(({ events }) => events);
  const listed = (await topic.members!(GROUP)).map(({ pid, partitions }) => `${pid} has ${partitions}`);
  const own = members.map(({ self, assigned }) => `${self.pid} has ${assigned}`);
  return `no one acknowledged ${left(world)}; lag ${lag}; listed: ${listed.join("; ")}; by themselves: ${
    own.join("; ")
  }`;
}
