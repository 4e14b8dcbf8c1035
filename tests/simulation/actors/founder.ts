import type { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { isPartitionName, readDocument, TOPIC_FILE } from "../../../src/drivers/files/layout.ts";
import { identityOf, storageOfTopic } from "../../../src/drivers/files/identity.ts";
import { TopicDeletedError, TopicExistsError, TopicNotFoundError } from "../../../src/errors.ts";
import { Partition } from "../../../src/log/partition.ts";
import { PartitionReader } from "../../../src/log/read/reader.ts";
import { isMissing, type Storage } from "../../../src/storage/port.ts";
import type { SimulatedProcess } from "../disk/process.ts";
import { BrokenPromise } from "../model/broken_promise.ts";
import type { SideTopicModel } from "../model/side_topic_model.ts";
import { DEFAULT_COMPONENTS, ROOT, type World } from "../world.ts";
import { Program } from "./program.ts";

/** The topic that founders create and delete. */
const SIDE_TOPIC = "side";

/** Events that an import puts into each partition. */
const IMPORTED_EVENTS = 3;
/** How many of them an import into a topic that exists puts into each. */
const ADDED_BATCHES = 2;
/** An option that only imported topics have; so much is never stored in one. */
const MARK = { retention_bytes: 1e9 };

/** Creates, imports, deletes and uses a topic that others also create, import and delete. */
export class FounderProgram extends Program {
  #isBusy = false;

  constructor(world: World, name: string) {
    super(world, name);
    this.restart();
  }

  override step(): void {
    this.stepAt = this.world.steps;
    this.act();
  }

  protected override begin(): void {
    this.#isBusy = false;
  }

  protected override act(): void {
    if (this.#isBusy) return;
    const { random } = this.world.disk;
    random.pick([
      () => this.#create(),
      () => this.#import(),
      () => this.#delete(),
      () => this.#use(() => importInto(this.world, this.driver, this.process)),
      () => this.#use(() => use(this.world, this.driver, this.process)),
    ])();
  }

  #create(): void {
    const { sideTopic } = this.world;
    this.#make(sideTopic.run(() => create(this.driver, 1 + this.world.disk.random.below(2))));
  }

  /** Nothing of an import can be seen before all of it. */
  #import(): void {
    const attempt = this.world.sideTopic.begin();
    const work = importTopic(this.driver, 1 + this.world.disk.random.below(2));
    this.#make({ work, attempt }, isTakenForRubbish);
  }

  #make(
    { work, attempt }: ReturnType<SideTopicModel["run"]>,
    accepts: (error: unknown) => boolean = () => false,
  ): void {
    const { sideTopic } = this.world;
    this.#change(work, (error) => {
      if (error === undefined) {
        sideTopic.end(attempt, {
          leaves: "there",
          cannotFind: "there",
          what: "a topic was created that was there",
        });
      } else if (error instanceof TopicExistsError) {
        sideTopic.end(attempt, {
          leaves: "there",
          cannotFind: "missing",
          what: "a topic that is missing cannot be created",
        });
      } else sideTopic.end(attempt, { leaves: "unknown", what: "" });
      return error instanceof TopicExistsError || accepts(error);
    });
  }

  #delete(): void {
    const { sideTopic } = this.world;
    const { work, attempt } = sideTopic.run(() => this.driver.deleteTopic(SIDE_TOPIC));
    this.#change(work, (error) => {
      if (error === undefined) {
        sideTopic.end(attempt, {
          leaves: "missing",
          cannotFind: "missing",
          what: "a topic was deleted that was missing",
        });
      } else if (error instanceof TopicNotFoundError) {
        sideTopic.end(attempt, {
          leaves: "missing",
          cannotFind: "there",
          what: "a topic that is there cannot be deleted",
        });
      } else sideTopic.end(attempt, { leaves: "unknown", what: "" });
      return error instanceof TopicNotFoundError;
    });
  }

  /** Tracks an attempt; `ended` gets its error, and says whether that is allowed. */
  #change(work: Promise<unknown>, ended: (error?: unknown) => boolean): void {
    this.#isBusy = true;
    const { process, world } = this;
    const free = () => {
      if (process === this.process) this.#isBusy = false;
    };
    world.track(work.then(() => {
      free();
      ended();
    }, (error) => {
      free();
      if (!ended(error)) world.tolerate(error);
    }));
  }

  #use(work: () => Promise<void>): void {
    const { sideTopic } = this.world;
    const before = {
      attempts: sideTopic.attempts,
      state: sideTopic.isChanging ? "unknown" : sideTopic.state,
    };
    this.#isBusy = true;
    this.follow(work(), () => this.#isBusy = false, () => this.#isBusy = false, (error) => {
      if (!(error instanceof TopicNotFoundError || error instanceof TopicDeletedError)) return false;
      if (before.attempts === sideTopic.attempts && before.state === "there" && sideTopic.state === "there") {
        throw new BrokenPromise(`a topic that is there cannot be used: ${error.message}`);
      }
      return true;
    });
  }
}

/** A draft is removed that has not changed for a day, by the clock of another process. */
function isTakenForRubbish(error: unknown): boolean {
  return error instanceof TopicDeletedError || isMissing(error);
}

/** Whatever happened to the topic, its name can be used, removed and used again. */
export async function checkSideTopic(world: World): Promise<void> {
  const process = world.newProcess();
  const driver = world.openDriver(process);
  const isThere = await driver.topicExists(SIDE_TOPIC);
  const isListed = (await driver.listTopics()).has(SIDE_TOPIC);
  if (isThere !== isListed) throw new BrokenPromise(`a topic is there: ${isThere}, and listed: ${isListed}`);
  const { state } = world.sideTopic;
  if (state !== "unknown" && (state === "there") !== isThere) {
    throw new BrokenPromise(`a topic should be ${state}, and is there: ${isThere}`);
  }
  if (isThere) {
    await use(world, driver, process);
    await driver.deleteTopic(SIDE_TOPIC);
  }
  await create(driver, 2);
  await use(world, driver, process);
  await driver.deleteTopic(SIDE_TOPIC);
  if (await driver.topicExists(SIDE_TOPIC)) throw new BrokenPromise("a topic that was deleted is there");
}

function create(driver: FilesDriver, numPartitions: number): Promise<void> {
  return driver.createTopic(SIDE_TOPIC, {
    options: { num_partitions: numPartitions },
    ...DEFAULT_COMPONENTS,
  });
}

async function importTopic(driver: FilesDriver, numPartitions: number): Promise<void> {
  const options = { num_partitions: numPartitions, ...MARK };
  const definition = { options, ...DEFAULT_COMPONENTS };
  const draft = await driver.draftTopic(SIDE_TOPIC, definition, false);
  try {
    const producer = draft.topic.producer("");
    for (const { partition_id } of draft.topic.partitions) {
      for (let number = 0; number < IMPORTED_EVENTS; number++) {
        await producer.append(partition_id, { count: 1, metadata: [importedText(number)], dataBytes: 0 });
      }
    }
    await producer.close();
    await draft.publish();
  } catch (error) {
    await draft.discard().catch(() => {});
    throw error;
  }
}

function importedText(number: number): string {
  return `{"imported":${number}}`;
}

/**
 * Imports into the topic that exists, as other processes delete it and create another one. The events say which topic
 * that is, as far as it is the same one before it is opened and after.
 */
async function importInto(world: World, driver: FilesDriver, process: SimulatedProcess): Promise<void> {
  const before = currentIdentity(process);
  const topic = await driver.openTopic(SIDE_TOPIC);
  try {
    const identity = currentIdentity(process);
    if (identity === undefined || identity !== before) return;
    const producer = topic.producer("");
    for (let number = 0; number < ADDED_BATCHES; number++) {
      for (const { partition_id } of topic.partitions) {
        await producer.append(partition_id, { count: 1, metadata: [addedText(identity)], dataBytes: 0 });
        world.sideTopic.noteAdded(identity);
      }
    }
    await producer.close();
  } finally {
    await topic.close();
  }
}

function addedText(identity: string): string {
  return `{"addedTo":"${identity}"}`;
}

function currentIdentity(process: SimulatedProcess): string | undefined {
  try {
    return identityOf(process, `${ROOT}/${SIDE_TOPIC}`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Pushes to each partition of the topic, which has all imported events or none, and what was added to it. */
async function use(world: World, driver: FilesDriver, process: SimulatedProcess): Promise<void> {
  const topic = await driver.openTopic(SIDE_TOPIC);
  try {
    const { expected, counts } = countsOfImported(world, process);
    if (counts.some((count) => count !== expected)) {
      throw new BrokenPromise(`a topic with ${expected} imported events a partition has ${counts}`);
    }
    const producer = topic.producer("");
    for (const { partition_id } of topic.partitions) {
      await producer.append(partition_id, { count: 1, metadata: ["{}"], dataBytes: 0 });
    }
    await producer.close();
  } finally {
    await topic.close();
  }
}

/** How many imported events each partition begins with. Throws once another topic is in the place of this one. */
function countsOfImported(
  world: World,
  process: SimulatedProcess,
): { expected: number; counts: number[] } {
  const path = `${ROOT}/${SIDE_TOPIC}`;
  try {
    const identity = identityOf(process, path) ?? "";
    const added = world.sideTopic.addedTo(identity);
    const storage = storageOfTopic(process, path, SIDE_TOPIC);
    const options = readDocument(storage, `${path}/${TOPIC_FILE}`);
    const expected = options?.retention_bytes === MARK.retention_bytes ? IMPORTED_EVENTS : 0;
    const names = storage.list(`${path}/partitions`).filter(isPartitionName);
    const partitions = names.map((name) => textsIn(storage, `${path}/partitions/${name}`, Number(name)));
    // Another topic may be there by now: then what was read is of either.
    if (identityOf(process, path) !== identity) throw new TopicDeletedError(SIDE_TOPIC);
    checkAdded(partitions.flat(), identity, added);
    const count = (texts: string[]) =>
      [...texts, ""].findIndex((text, number) => text !== importedText(number));
    return { expected, counts: partitions.map(count) };
  } catch (error) {
    throw isMissing(error) ? new TopicDeletedError(SIDE_TOPIC) : error;
  }
}

/** What was added to a topic is in it, and in no other one of its name. */
function checkAdded(texts: readonly string[], identity: string, addedMin: number): void {
  const added = texts.filter((text) => text.includes("addedTo"));
  const strange = added.find((text) => text !== addedText(identity));
  if (strange !== undefined) throw new BrokenPromise(`topic ${identity} has an event of another: ${strange}`);
  if (added.length < addedMin) {
    throw new BrokenPromise(`of ${addedMin} events that were added to a topic, ${added.length} are there`);
  }
}

function textsIn(storage: Storage, directory: string, partition: number): string[] {
  const log = new Partition({ storage, directory, topic: SIDE_TOPIC, partition });
  try {
    const reader = new PartitionReader(log, { dataWanted: false, onCorruption: "skip" });
    const texts: string[] = [];
    for (let batch = reader.read(1); batch !== undefined; batch = reader.read(1)) {
      texts[batch.baseId] = batch.metadataText!(0);
    }
    // What a power cut took is missing among them.
    return Array.from(texts, (text) => text ?? "");
  } finally {
    log.close();
  }
}
