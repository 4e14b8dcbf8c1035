// One response had errors of two partitions: the events at the position of one had been removed, and the disk of the
// other one's leader had failed. Both errors were judged together: reading failed for good, with an error that is not
// to be tried again, though both partitions go on by themselves.
import { assertEquals } from "@std/assert";
import { loadClient } from "../../src/drivers/kafka/client.ts";
import { PartitionQueue } from "../../src/drivers/kafka/fetch/partition_queue.ts";
import { INTACT } from "../drivers/kafka/intact.ts";
import { loneFetchLoop } from "../drivers/kafka/lone_fetch_loop.ts";
import { test } from "../harness.ts";

const FETCH = 1;
const OFFSET_OUT_OF_RANGE = 1;
/** Errors that pass, by their number. */
const PASSING = {
  CORRUPT_MESSAGE: 2,
  NOT_LEADER_OR_FOLLOWER: 6,
  KAFKA_STORAGE_ERROR: 56,
  OFFSET_NOT_AVAILABLE: 78,
};

for (const [name, code] of Object.entries(PASSING)) {
  test(`${name} of one partition and removed events of another are handled each by itself`, async () => {
    const { ResponseError } = await loadClient();
    const queues = [0, 1].map((partition) => new PartitionQueue({ ...INTACT, partition }));
    const response = { responses: [{ partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }] };
    const errors: Record<string, [number, null]> = {
      "/responses/0/partitions/0": [OFFSET_OUT_OF_RANGE, null],
      "/responses/0/partitions/1": [code, null],
    };
    const asked: number[][] = [];
    const replaced: number[] = [];
    const fetch = (partitions: number[]) => {
      asked.push(partitions);
      if (asked.length > 1) loop.stop();
      return Promise.reject(new ResponseError(FETCH, 13, errors, response));
    };
    const loop = loneFetchLoop(queues, fetch, {
      replace: ({ partition }) => Promise.resolve(void replaced.push(partition)),
    });
    await loop.run();
    assertEquals([asked[0], replaced, queues.map(({ trouble }) => trouble !== undefined)], [
      [0, 1],
      [0],
      [false, true],
    ]);
  });
}
