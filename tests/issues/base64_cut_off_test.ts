// Text in base64 that had lost its end was decoded without what was left of the last bytes: `import` stored the data of
// such a JSON line (`tests/cli/transfer_test.ts`), and the metadata of such an event of an archive of bytes.
import { assertEquals, assertThrows } from "@std/assert";
import { RawSerializer } from "../../src/ctl/transfer/target_topic.ts";
import { test } from "../harness.ts";

test("metadata that is bytes in base64 is refused where the text is cut off", () => {
  const serializer = new RawSerializer({ type: "default" });
  assertEquals([...serializer.serialize("QUJDRA==")], [0x41, 0x42, 0x43, 0x44]);
  for (const text of ["QUJDRA=", "QUJDRA", "QUJDR", "QUJD!"]) {
    assertThrows(() => serializer.serialize(text), TypeError, "expected metadata as a text in base64");
  }
});
