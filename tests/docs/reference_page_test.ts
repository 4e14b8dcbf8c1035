// docs/reference.md lists every option, environment variable and limit: it is generated from the code that
// reads them, and this test searches for what that cannot find.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import type { ComponentDocument, JsonObject } from "../../mod.ts";
import { selectors, serializers, validators } from "../../src/components/registries.ts";
import { CALLS, optionsOfCall } from "../../tools/reference/calls.ts";
import { COMPONENT_OPTIONS } from "../../tools/reference/components.ts";
import { ENVIRONMENT } from "../../tools/reference/environment.ts";
import { HELP_FILE, helpModule } from "../../tools/reference/help.ts";
import { DRIVERS, REFERENCE_FILE, referencePage } from "../../tools/reference/page.ts";
import { test } from "../harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("the reference agrees with the code (npm run reference writes it)", () => {
  assertEquals(readFileSync(REFERENCE_FILE, "utf8"), referencePage());
});

test("the command's help describes options as their rules do (npm run reference writes it)", () => {
  assertEquals(readFileSync(HELP_FILE, "utf8"), helpModule());
});

test("an option's type comment says the same as the rule that reads it", () => {
  const file = "src/options/driver_options.ts";
  const tree = ts.createSourceFile(file, readFileSync(root + file, "utf8"), ts.ScriptTarget.Latest, true);
  const comments = new Map<string, Record<string, string>>();
  for (const statement of tree.statements.filter(ts.isTypeAliasDeclaration)) {
    const parts = ts.isIntersectionTypeNode(statement.type) ? [...statement.type.types] : [statement.type];
    for (const member of parts.filter(ts.isTypeLiteralNode).flatMap(({ members }) => [...members])) {
      const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
      const text = ts.getTextOfJSDocComment(doc?.comment) ?? "";
      const of = comments.get(statement.name.text) ?? {};
      comments.set(statement.name.text, { ...of, [member.name!.getText(tree)]: text });
    }
  }
  for (const { name, driver, topic } of DRIVERS) {
    const type = name[0].toUpperCase() + name.slice(1);
    for (const [kind, rules] of [["DriverOptions", driver], ["TopicOptions", topic]] as const) {
      const meanings = Object.fromEntries(Object.entries(rules).map(([key, { meaning }]) => [key, meaning]));
      assertEquals(comments.get(type + kind), meanings);
    }
  }
});

test("the built-in components read exactly the options that the reference lists", async () => {
  const kinds = { validator: validators, "partition selector": selectors, serializer: serializers };
  const values: JsonObject = { schema: {}, draft: "draft-07", pointer: "/a", pattern: {} };
  for (const [kind, registry] of Object.entries(kinds)) {
    const listed = COMPONENT_OPTIONS[kind];
    const unknown = await assertRejects(async () => await registry.make({ type: "nothing" }), Error);
    const known = [...unknown.message.split(";")[0].matchAll(/"(\w+)"/g)].map(([, name]) => name);
    assertEquals(Object.keys(listed).sort(), known.filter((name) => name !== "nothing").sort());
    for (const [type, options] of Object.entries(listed)) {
      const read = new Set<string>();
      for (const left of [undefined, "pattern", "schema"]) {
        const document = Object.fromEntries(
          Object.keys(options).filter((key) => key !== left).map((key) => [key, values[key]]),
        );
        const watched = new Proxy({ ...document, type } as ComponentDocument, {
          get: (target, key) => {
            if (typeof key === "string" && key !== "type") read.add(key);
            return Reflect.get(target, key);
          },
        });
        try {
          await registry.make(watched);
        } catch {
          // What it has read so far counts.
        }
      }
      const methods: readonly string[] = [...registry.methods, "then", "toJSON"];
      assertEquals(
        [...read].filter((key) => !methods.includes(key)).sort(),
        Object.keys(options).sort(),
        type,
      );
    }
  }
});

test("every environment variable that the source reads is in the reference", () => {
  const read = new Set<string>();
  for (const { path } of walkSync(`${root}src`, { exts: ["ts"] })) {
    if (path.endsWith("page_files.ts")) continue;
    const text = readFileSync(path, "utf8");
    for (const [, name] of text.matchAll(/\benv(?:ironment)?(?:\.|\[")([A-Z][A-Z_]+)\b/g)) read.add(name);
    for (const [, name] of text.matchAll(/"((?:DIASPORA|AWS)_[A-Z_]+)"/g)) read.add(name);
    for (const [, names] of text.matchAll(/const \{ ([A-Z_, ]+) \} = \w*env\w*/g)) {
      for (const name of names.split(", ")) read.add(name);
    }
  }
  assert(read.size > 5, `only ${[...read]} were found`);
  assertEquals([...read].sort(), Object.keys(ENVIRONMENT).sort());
});

test("the options of a call that are checked are those of its type", () => {
  const checked = new Map<string, string[]>();
  for (const { path } of walkSync(`${root}src`, { exts: ["ts"] })) {
    for (const match of readFileSync(path, "utf8").matchAll(/checkOptions\("(\w+)", \w+, \[([^\]]*)\]\)/g)) {
      checked.set(match[1], [...match[2].matchAll(/"(\w+)"/g)].map(([, key]) => key).sort());
    }
  }
  const members = (type: string): string[] => optionsOfCall(type).map(({ name }) => name).sort();
  for (
    const [owner, type] of [["producer", "ProducerOptions"], ["push", "PushOptions"], ["wait", "WaitOptions"]]
  ) {
    assertEquals(checked.get(owner), members(type), owner);
  }
  assertEquals(checked.get("process"), [...members("ProcessOptions"), ...members("EventsOptions")].sort());
  for (const [, type] of CALLS) {
    for (const { name, meaning } of optionsOfCall(type)) assert(meaning !== "", `${type}.${name}`);
  }
});
