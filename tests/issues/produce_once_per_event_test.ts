// `diaspora-ctl produce` run once for each event, as in a shell loop, put all events into partition 0: the rotation over
// the partitions began anew in each process.
import { assertEquals } from "@std/assert";
import { ctl, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";

test("produce goes on after the partition with the newest event, also in a new process", () =>
  withFolder(async ({ driver }) => {
    const produce = async (words: string[], input = "") => {
      // Times are milliseconds: in the same one there is no newest event.
      await new Promise((resolve) => setTimeout(resolve, 5));
      await ctl(["produce", "t", ...words, ...driver], { input });
      const { stdout } = await ctl(["topic", "describe", "t", "--json", ...driver]);
      return JSON.parse(stdout).partitions.map((each: { next_id: number }) => each.next_id);
    };
    await ctl(["topic", "create", "t", "--topic.num_partitions", "3", ...driver]);
    assertEquals(await produce(["-m", "0", "--partition", "1"]), [0, 1, 0]);
    assertEquals(await produce([], "1\n"), [0, 1, 1]);
    assertEquals(await produce([], "2\n"), [1, 1, 1]);
    assertEquals(await produce(["-m", "3"]), [1, 2, 1]);
    assertEquals(await produce([], "4\n5\n6\n7\n"), [2, 3, 3]);
  }));
