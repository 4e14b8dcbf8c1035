// `topic create x --name y` created "y" and said nothing of "x"; `topic delete --topic a --name b` deleted "a", and
// `consume b --topic a` read "a". With a shell variable that is not set, `topic create --name $NAME
// --if-not-exists` made a topic "--if-not-exists", and `consume --consumer $NAME --follow` a consumer "--follow". And `import` of a topic "o" that its source lacks asked: did you mean "o"?
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Driver } from "../../mod.ts";
import { ctl, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";

test("a command line that names two topics, or two consumers, is refused whatever the places", async () => {
  await withFolder(async ({ root: store }) => {
    {
      await using driver = await Driver.open("files", { root_path: store });
      for (const name of ["one", "two"]) await driver.createTopic(name);
    }
    for (
      const line of [
        "topic create three --name four",
        "topic delete --topic one --name two --yes",
        "topic describe one --topic two",
        "consume one --topic two",
        "consumer list one --name two",
        "consumer lag one --topic two",
        "consumer delete one --topic two --consumer c --yes",
        "verify one --topic two",
        "verify --topic one --name two",
        "export one --topic two --to jsonl --to.file -",
      ]
    ) {
      const { code, stdout, stderr } = await ctl([...line.split(" "), "--store", store]);
      assertEquals([code, stdout], [2, ""], line);
      assertStringIncludes(stderr, "Two topics are named", line);
    }
    const { stderr } = await ctl(["consumer", "lag", "one", "a", "--consumer", "b", "--store", store]);
    assertStringIncludes(stderr, 'Two consumers are named, "b" and "a": leave one out');
    // The same name may be given twice, and `--name` beside a consumer may be the topic.
    for (const line of ["topic describe one --name one", "consumer lag one --name one --consumer c"]) {
      assertEquals((await ctl([...line.split(" "), "--store", store])).code, 0, line);
    }
    assertEquals((await ctl(["topic", "list", "--store", store])).stdout, "one\ntwo\n");
  });
});

test("a topic missing in the store that is imported from is not looked for in the one imported into", async () => {
  await withFolder(async ({ folder, root: store, driver }) => {
    {
      await using opened = await Driver.open("files", { root_path: store });
      await opened.createTopic("frames");
    }
    const from = ["--from", "cpp-files", "--from.root_path", folder];
    const { code, stderr } = await ctl(["import", ...from, "--name", "frames", ...driver]);
    assertEquals(code, 4);
    assertStringIncludes(stderr, 'Cannot import topic "frames": no such topic under');
    assertEquals(stderr.includes("did you mean"), false, stderr);
    const { stderr: own } = await ctl(["topic", "describe", "frame", ...driver]);
    assertStringIncludes(own, 'did you mean "frames"?');
  });
});

test("an option in the place of another one's value is not taken for it", async () => {
  await withFolder(async ({ root: store }) => {
    for (
      const [line, option] of [
        ["topic create --name --if-not-exists", "--name TOPIC"],
        ["topic create t --driver.root_path --validator schema", "--driver.root_path VALUE"],
        ["consume t --consumer --follow --ack", "--consumer NAME"],
        ["consume t --filter --no-color", "--filter PATTERN"],
        ["consume t -c --follow", "-c NAME"],
      ]
    ) {
      const { code, stderr } = await ctl([...line!.split(" "), "--store", store]);
      assertEquals(code, 2, line);
      assertStringIncludes(stderr, `needs a value: ${option}`, line);
    }
    // With an equals sign nothing is mistaken.
    assertEquals((await ctl(["topic", "create", "--name=--yes", "--store", store])).code, 0);
    assertEquals((await ctl(["topic", "list", "--store", store])).stdout, "--yes\n");
  });
});
