import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative, resolve } from "node:path";
import process from "node:process";
import {
  type ComponentDocument,
  componentDocument,
  makePartitionSelector,
  makeSerializer,
  makeValidator,
  registerPartitionSelector,
  registerSerializer,
  registerValidator,
  type Validator,
} from "../../src/components/mod.ts";
import { InvalidOptionError, ModuleLoadError, UnknownComponentError } from "../../src/errors.ts";
import { test } from "../harness.ts";

const MODULE = `
export class Limit {
  constructor(document) { this.max = document.max ?? 10; this.seen = document.type; }
  validate(metadata) { if (metadata > this.max) throw new Error("too much"); }
  config() { return { type: "Limit", max: this.max }; }
}
export const makeLimit = (document) => new Limit(document);
export const makeLimitLater = async (document) => new Limit(document);
export const ready = new Limit({ max: 3, type: "ready" });
export default Limit;
export const half = { config() { return { type: "half" }; } };
export function makeNothing() {}
export function fails() { throw new Error("no detector attached"); }
export class Selector {
  setPartitions(infos) { this.count = infos.length; }
  selectPartitionFor() { return this.count - 1; }
  config() { return { type: "Selector" }; }
}
export class Shout {
  serialize(metadata) { return String(metadata).toUpperCase(); }
  deserialize(bytes) { return new TextDecoder().decode(bytes); }
  config() { return { type: "Shout" }; }
}
`;

async function withModule(body: (module: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "diaspora-registry-"));
  try {
    await writeFile(join(folder, "limit.mjs"), MODULE);
    await body(join(folder, "limit.mjs"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("undefined creates the default components, which are marked as trivial", async () => {
  const [validator, selector, serializer] = [
    await makeValidator(),
    await makePartitionSelector(),
    await makeSerializer(),
  ];
  for (const component of [validator, selector, serializer]) {
    assertEquals(componentDocument(component), { type: "default" });
  }
  assertEquals([validator.acceptsAll, selector.ignoresMetadata, serializer.writesJsonText], [
    true,
    true,
    true,
  ]);
});

test("an instance is returned unchanged", async () => {
  const validator: Validator = { validate: () => {}, config: () => ({ type: "mine" }) };
  assertStrictEquals(await makeValidator(validator), validator);
  assertEquals(componentDocument(validator), { type: "mine" });
});

test("an instance without a method is refused, naming the method", async () => {
  const half = { config: () => ({ type: "half" }) };
  const refusals: [() => Promise<unknown>, string][] = [
    [() => makeValidator(half as unknown as Validator), '"validate"'],
    [() => makePartitionSelector({ ...half, setPartitions() {} } as never), '"selectPartitionFor"'],
    [() => makeSerializer({ ...half, serialize: () => "" } as never), '"deserialize"'],
  ];
  for (const [make, method] of refusals) await assertRejects(make, InvalidOptionError, method);
});

test("a value that is neither an instance nor a document is refused", async () => {
  for (const wrong of [5, "schema", null, {}, { type: 5 }, []]) {
    await assertRejects(() => makeValidator(wrong as never), InvalidOptionError, "a document with a");
  }
});

test("an unknown name is refused with the known names", async () => {
  const error = await assertRejects(() => makeValidator({ type: "energy" }), UnknownComponentError);
  for (const known of ['"default"', '"schema"', '"eventbridge"', '"energy:MODULE"']) {
    assertStringIncludes(error.message, known);
  }
  await assertRejects(() => makePartitionSelector({ type: "x" }), UnknownComponentError, '"key"');
  await assertRejects(() => makeSerializer({ type: "x" }), UnknownComponentError, '"cbor"');
});

test("registered components are created from documents with their name", async () => {
  const seen: ComponentDocument[] = [];
  const validator: Validator = { validate: () => {}, config: () => ({ type: "registered-here" }) };
  registerValidator("registered-here", (document) => {
    seen.push(document);
    return validator;
  });
  assertStrictEquals(await makeValidator({ type: "registered-here", max: 5 }), validator);
  assertEquals(seen, [{ type: "registered-here", max: 5 }]);
  const selector = await makePartitionSelector();
  registerPartitionSelector("registered-here", () => Promise.resolve(selector));
  assertStrictEquals(await makePartitionSelector({ type: "registered-here" }), selector);
  const serializer = await makeSerializer();
  registerSerializer("registered-here", () => serializer);
  assertStrictEquals(await makeSerializer({ type: "registered-here" }), serializer);
});

test("an empty name, or one with a colon, is not registered", () => {
  for (const name of ["", "a:b"]) {
    assertThrows(() => registerValidator(name, () => ({}) as never), InvalidOptionError);
  }
});

test("a module may export a class, a factory or an instance", async () => {
  await withModule(async (module) => {
    for (const name of ["Limit", "makeLimit", "makeLimitLater", "anything"]) {
      const validator = await makeValidator({ type: `${name}:${module}`, max: 5 }) as Validator & {
        seen: string;
      };
      await validator.validate(5, []);
      assertThrows(() => validator.validate(6, []));
      assertEquals(validator.seen, `${name}:${module}`);
      assertEquals(componentDocument(validator), { type: `${name}:${module}`, max: 5 });
    }
    const ready = await makeValidator({ type: `ready:${module}` });
    assertThrows(() => ready.validate(4, []));
    const selector = await makePartitionSelector({ type: `Selector:${module}` });
    selector.setPartitions([{ partition_id: 0 }, { partition_id: 1 }]);
    assertEquals(selector.selectPartitionFor({}), 1);
    const serializer = await makeSerializer({ type: `Shout:${module}` });
    assertEquals(serializer.serialize("a"), "A");
  });
});

test("the stored document of a component from a module has its options and an absolute path", async () => {
  await withModule(async (module) => {
    const path = relative(process.cwd(), module);
    // On another drive it is absolute.
    const validator = await makeValidator({ type: `Limit:${isAbsolute(path) ? path : `./${path}`}` });
    assertEquals(componentDocument(validator), { type: `Limit:${module}`, max: 10 });
  });
  const mine: Validator = { validate: () => {}, config: () => ({ type: "mine:./mine.ts", a: 1 }) };
  assertEquals(componentDocument(mine), { type: `mine:${resolve("mine.ts")}`, a: 1 });
});

test("a module without the component is refused, naming the module", async () => {
  await withModule(async (module) => {
    for (
      const [name, expected] of [["half", '"validate"'], ["makeNothing", '"validate"'], [
        "fails",
        "no detector",
      ]]
    ) {
      const error = await assertRejects(
        () => makeValidator({ type: `${name}:${module}` }),
        ModuleLoadError,
        expected,
      );
      assertEquals(error.module, module);
      assertStringIncludes(error.message, module);
    }
  });
  const error = await assertRejects(() => makeValidator({ type: "energy:./no/such.ts" }), ModuleLoadError);
  assertEquals(
    error.message,
    `Cannot load validator "energy" from "${resolve("no/such.ts")}": no such file`,
  );
});

test("a component whose config() returns no document is refused when it is stored", () => {
  for (const config of [undefined, {}, { type: 5 }, "default"]) {
    assertThrows(() => componentDocument({ config: () => config as never }), InvalidOptionError, "config()");
  }
});
