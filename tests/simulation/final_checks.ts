import { PartitionReader } from "../../src/log/read/reader.ts";
import { ConsumerProgram } from "./actors/consumer.ts";
import { checkSideTopic } from "./actors/founder.ts";
import { BrokenPromise } from "./model/broken_promise.ts";
import { checkVerify } from "./verify_check.ts";
import { TOPIC, type World } from "./world.ts";

/** The content of a partition, read from its beginning. */
interface PartitionContent {
  /** Key of each intact event, by id. */
  events: Map<number, string>;
  /** Time of each event. */
  times: Map<number, number>;
  /** The next id. */
  endId: number;
}

/** Every event; without a power cut, all of them intact. */
export function readAll(world: World): PartitionContent[] {
  return world.model.partitions.map(({ partition }) => readPartition(world, partition));
}

/** Compares what is left at the end of a history with all that was promised. Nothing fails any more. */
export async function checkEverything(world: World): Promise<void> {
  // An append of a killed process would otherwise become whole between two of the checks.
  world.disk.finishAppends();
  const contents = readAll(world);
  world.model.checkComplete(contents.map(({ events }) => events));
  for (const [partition, content] of contents.entries()) checkSeekByTime(world, partition, content);
  for (const { partition } of world.model.partitions) await checkVerify(world, partition);
  await checkDelivery(world, contents);
  await checkSideTopic(world);
}

function readPartition(world: World, partition: number): PartitionContent {
  const { model } = world;
  const reader = new PartitionReader(world.openPartition(partition), {
    dataWanted: true,
    onCorruption: model.hadPowerCut ? "skip" : "throw",
    onDamage: ({ damage }) => world.checkDamage(damage),
  });
  reader.seek("earliest");
  const content: PartitionContent = { events: new Map(), times: new Map(), endId: reader.position };
  for (;;) {
    const batch = reader.read(100);
    if (batch === undefined) return content;
    if (batch.baseId < content.endId) {
      throw new BrokenPromise(`event ${batch.baseId} comes after ${content.endId - 1}`);
    }
    model.checkLost(partition, content.endId, batch.baseId, "is missing");
    for (let index = 0; index < batch.count; index++) {
      const push = world.readEvent(batch, index);
      if (push !== undefined) content.events.set(batch.baseId + index, push.key);
      content.times.set(batch.baseId + index, batch.timestamp);
    }
    content.endId = batch.baseId + batch.count;
  }
}

/** A seek by time leads to the first event of that time or later, or to one before it that is damaged. */
function checkSeekByTime(world: World, partition: number, { times }: PartitionContent): void {
  const { random } = world.disk;
  const known = [...new Set(times.values())];
  for (let count = 0; count < 5 && known.length > 0; count++) {
    const time = random.pick(known) + random.below(3) - 1;
    const expected: (number | undefined)[] = [];
    let isFound = false;
    let next = world.openPartition(partition).firstId();
    for (const [id, at] of times) {
      if (isFound) break;
      isFound = at >= time;
      if (isFound || id !== next) expected.push(id);
      next = id + 1;
    }
    if (!isFound) expected.push(undefined);
    const reader = new PartitionReader(world.openPartition(partition), {
      dataWanted: false,
      onCorruption: "skip",
    });
    reader.seek({ time });
    const found = reader.read(1)?.baseId;
    if (!expected.includes(found)) {
      throw new BrokenPromise(
        `a seek to time ${time} leads to event ${found}, and event ${expected.at(-1)} is the first`,
      );
    }
  }
}

/** Every consumer gets every event, unless its position was moved. */
async function checkDelivery(world: World, contents: readonly PartitionContent[]): Promise<void> {
  const { model } = world;
  for (const { name, delivered, positions } of model.consumers.values()) {
    const last = new ConsumerProgram(world, name);
    const topic = await world.openDriver(last.process).openTopic(TOPIC);
    await last.drain(topic);
    await topic.close();
    for (const [partition, { events }] of contents.entries()) {
      const from = Math.max(positions[partition].skippedTo, model.partitions[partition].removedTo);
      for (const [id, key] of events) {
        // An event of a killed producer may appear when a power cut destroys what was before it.
        if (id >= from && !delivered.has(key) && model.pushes.get(key)!.wasCompleted) {
          throw new BrokenPromise(`${name} never got event ${id} (${key}) of partition ${partition}`);
        }
      }
    }
  }
}
