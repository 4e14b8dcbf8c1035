/**
 * A process for the tests in this folder, the same on Deno, Node and Bun. It reports on standard output, line
 * by line; what must survive its death it appends to a file, a complete line at a time.
 *
 * ```text
 * child.ts TASK ROOT_PATH TOPIC …
 * ```
 */
import process from "node:process";
import { Driver } from "../../mod.ts";
import { burst } from "./child/burst.ts";
import { consume } from "./child/consume.ts";
import { echo } from "./child/echo.ts";
import { flood } from "./child/flood.ts";
import { idle } from "./child/idle.ts";
import { hold, increment } from "./child/lock.ts";
import { obey } from "./child/obey.ts";
import { produce } from "./child/produce.ts";
import { steady } from "./child/steady.ts";
import { tail } from "./child/tail.ts";
import type { Task } from "./child/task.ts";
import { wait } from "./child/wait.ts";
import { work } from "./child/work.ts";

const TASKS: Record<string, Task> = {
  burst,
  consume,
  echo,
  flood,
  hold,
  idle,
  increment,
  obey,
  produce,
  steady,
  tail,
  wait,
  work,
};

const [task, rootPath, topicName, ...parameters] = process.argv.slice(2);
await using driver = await Driver.open("files", {
  root_path: rootPath,
  use_file_locking: process.env["DIASPORA_TEST_LOCKING"] === "yes",
});
await using topic = await driver.openTopic(topicName);
await TASKS[task](topic, parameters);
