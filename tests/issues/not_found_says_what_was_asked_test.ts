// deleteTopic("nope") said 'Cannot open topic "nope"', and so did an import.
import { assertRejects } from "@std/assert";
import { tmpdir } from "node:os";
import { Driver, TopicNotFoundError } from "../../mod.ts";
import { importCppFiles } from "../../src/cpp_files/mod.ts";
import { test } from "../harness.ts";

const NOWHERE = `${tmpdir()}/diaspora-nowhere-${crypto.randomUUID()}`;

for (const engine of ["files", "memory"]) {
  test(`deleting a missing topic fails with a clear message in the ${engine} driver`, async () => {
    await using driver = await Driver.open(engine, engine === "files" ? { root_path: NOWHERE } : {});
    await assertRejects(
      () => driver.deleteTopic("nope"),
      TopicNotFoundError,
      'Cannot delete topic "nope": no such topic under "',
    );
    await assertRejects(() => driver.openTopic("nope"), TopicNotFoundError, 'Cannot open topic "nope"');
    await assertRejects(
      () => importCppFiles({ rootPath: NOWHERE, topic: "nope", driver }),
      TopicNotFoundError,
      'Cannot import topic "nope"',
    );
  });
}
