// The Kafka driver was imported by the library, so every program that imported it from JSR downloaded 41
// modules and 23 packages for Kafka, and every installation from npm 24 packages of 20 MB, which Yarn 1 refused
// on Node 20 because of the client's engines field. Now the driver has its own entry point and its client is an
// optional peer dependency; without them, `Driver.open` prints the line to add.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import {
  config,
  type JsrProject,
  type Published,
  withJsrProject,
  withPublished,
} from "../packaging/published_package.ts";

const ON_FILES = `
import { Driver } from "jsr:@diaspora/stream@^0";

await using driver = await Driver.open("files", { root_path: "./data" });
await driver.createTopic("my_topic", { num_partitions: 1 });
console.log([...(await driver.listTopics()).keys()].join());
`;

/** Nothing listens there. */
const NO_BROKER =
  '{ kafka: { "bootstrap.servers": "127.0.0.1:1", "socket.connection.setup.timeout.ms": 1000 } }';

function onKafka(name: string, line: string): string {
  return `
${line}
import { Driver } from "jsr:@diaspora/stream@^0";

try {
  await Driver.open(${JSON.stringify(name)}, ${NO_BROKER});
} catch (error) {
  console.log(error.code, error.message);
}
`;
}

/** What a file imports for Kafka: module URLs or package names. */
const KAFKA = /kafka/i;

/** Publishes the package without checking its types, which the dry run of a release does, and makes a project that uses it. */
function withProject(use: (project: JsrProject, published: Published) => Promise<void>): Promise<void> {
  return withPublished(
    (published) => withJsrProject(published, (project) => use(project, published)),
    "--no-check",
  );
}

test("a program on files downloads no part of Kafka from JSR, and neither does the command", async () => {
  await withProject(async ({ folder, deno }, published) => {
    writeFileSync(join(folder, "program.ts"), ON_FILES);
    const asked = published.jsr.asked;
    asked.length = 0;
    const ended = await deno("run", "-q", "-A", "--no-lock", "program.ts");
    assertEquals([ended.code, ended.stdout], [0, "my_topic\n"], ended.stderr);
    const command = `jsr:${config.name}@${config.version}/cli`;
    const listed = await deno(
      ...["run", "-q", "-A", "--no-lock", command, "topic", "list"],
      ...["--driver", "files", "--driver.root_path", join(folder, "data")],
    );
    assertEquals([listed.code, listed.stdout], [0, "my_topic\n"], listed.stderr);
    assertEquals(asked.filter((path) => KAFKA.test(path)), []);

    for (const entry of ["program.ts", command]) {
      const { code, stdout, stderr } = await deno("info", "--json", "--no-lock", entry);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "npm:ajv@");
      assertEquals(stdout.match(/"[^"]*(?:npm:[^"]*kafka|drivers\/kafka)[^"]*"/gi), null);
    }
  });
});

test("a program from JSR that opens Kafka is shown the line to add, and works with it", async () => {
  await withProject(async ({ folder, deno }) => {
    const run = async (name: string, line: string): Promise<string> => {
      writeFileSync(join(folder, "program.ts"), onKafka(name, line));
      const { code, stdout, stderr } = await deno("run", "-q", "-A", "--no-lock", "program.ts");
      assertEquals(code, 0, stderr);
      return stdout;
    };
    for (const name of ["kafka", "octopus"]) {
      const without = await run(name, "");
      assertMatch(without, /^ERR_MODULE_LOAD /);
      assertStringIncludes(without, `Cannot open driver "${name}"`);
      const [line] = /import "jsr:[^"]+"/.exec(without) ?? [];
      assertEquals(line, 'import "jsr:@diaspora/stream/kafka"');
      assertMatch(await run(name, line!), /^ERR_BROKER .*no answer from Kafka at "127\.0\.0\.1:1"/);
    }
    const { stderr } = await deno(
      ...["run", "-q", "-A", "--no-lock", `jsr:${config.name}@${config.version}/cli`, "topic", "list"],
      ...["--driver", "kafka", "--driver.kafka.bootstrap.servers", "127.0.0.1:1"],
      ...["--driver.kafka.socket.connection.setup.timeout.ms", "1000"],
    );
    assertMatch(stderr, /no answer from Kafka at "127\.0\.0\.1:1"/);
  });
});
