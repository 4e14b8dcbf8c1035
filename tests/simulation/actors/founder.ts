import type { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { TopicDeletedError, TopicExistsError, TopicNotFoundError } from "../../../src/errors.ts";
import { BrokenPromise } from "../model/broken_promise.ts";
import { DEFAULT_COMPONENTS, type World } from "../world.ts";
import { Program } from "./program.ts";

/** The topic that founders create and delete. */
const SIDE_TOPIC = "side";

/** Creates, deletes and uses a topic that others also create and delete. */
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
    random.pick([() => this.#create(), () => this.#create(), () => this.#delete(), () => this.#use()])();
  }

  #create(): void {
    const { sideTopic } = this.world;
    const { work, attempt } = sideTopic.run(() => create(this.driver, 1 + this.world.disk.random.below(2)));
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
      return error instanceof TopicExistsError;
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
  #change(work: Promise<void>, ended: (error?: unknown) => boolean): void {
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

  #use(): void {
    const { sideTopic } = this.world;
    const before = {
      attempts: sideTopic.attempts,
      state: sideTopic.isChanging ? "unknown" : sideTopic.state,
    };
    this.#isBusy = true;
    this.follow(use(this.driver), () => this.#isBusy = false, () => this.#isBusy = false, (error) => {
      if (!(error instanceof TopicNotFoundError || error instanceof TopicDeletedError)) return false;
      if (before.attempts === sideTopic.attempts && before.state === "there" && sideTopic.state === "there") {
        throw new BrokenPromise(`a topic that is there cannot be used: ${error.message}`);
      }
      return true;
    });
  }
}

/** Whatever happened to the topic, its name can be used, removed and used again. */
export async function checkSideTopic(world: World): Promise<void> {
  const driver = world.openDriver(world.newProcess());
  const isThere = await driver.topicExists(SIDE_TOPIC);
  const isListed = (await driver.listTopics()).has(SIDE_TOPIC);
  if (isThere !== isListed) throw new BrokenPromise(`a topic is there: ${isThere}, and listed: ${isListed}`);
  const { state } = world.sideTopic;
  if (state !== "unknown" && (state === "there") !== isThere) {
    throw new BrokenPromise(`a topic should be ${state}, and is there: ${isThere}`);
  }
  if (isThere) {
    await use(driver);
    await driver.deleteTopic(SIDE_TOPIC);
  }
  await create(driver, 2);
  await use(driver);
  await driver.deleteTopic(SIDE_TOPIC);
  if (await driver.topicExists(SIDE_TOPIC)) throw new BrokenPromise("a topic that was deleted is there");
}

function create(driver: FilesDriver, numPartitions: number): Promise<void> {
  return driver.createTopic(SIDE_TOPIC, {
    options: { num_partitions: numPartitions },
    ...DEFAULT_COMPONENTS,
  });
}

async function use(driver: FilesDriver): Promise<void> {
  const topic = await driver.openTopic(SIDE_TOPIC);
  try {
    const producer = topic.producer("");
    for (const { partition_id } of topic.partitions) {
      await producer.append(partition_id, { count: 1, metadata: ["{}"], dataBytes: 0 });
    }
    await producer.close();
  } finally {
    await topic.close();
  }
}
