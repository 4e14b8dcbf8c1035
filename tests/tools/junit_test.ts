import { assertEquals } from "@std/assert";
import { readJunit } from "../../tools/test/junit.ts";
import { test } from "../harness.ts";

test("readJunit() distinguishes passed, failed and skipped tests in Deno's reports", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="3" failures="1" errors="0" time="0.007">
    <testsuite name="./tests/a.ts" tests="3" disabled="0" errors="0" failures="1">
        <testcase name="a &quot;b&quot; &lt;c&gt; &#38; d" classname="./tests/a.ts" time="0.000" line="49" col="12">
        </testcase>
        <testcase name="breaks" classname="./tests/a.ts" time="0.000">
            <failure message="Uncaught">AssertionError: a &gt; b</failure>
        </testcase>
        <testcase name="waits" classname="./tests/a.ts" time="0"><skipped/></testcase>
    </testsuite>
</testsuites>`;
  assertEquals(readJunit(xml), [
    { name: 'a "b" <c> & d', result: "passed" },
    { name: "breaks", result: "failed" },
    { name: "waits", result: "skipped" },
  ]);
});

test("readJunit() reads what Node and Bun write", () => {
  const xml = `<testsuites>
	<testcase name="first -> second" time="0.001693" classname="test"/>
	<testcase name="topic &amp;quot;second&amp;quot;" time="0.001" classname="test">
		<skipped type="skipped" message="no broker"/>
	</testcase>
    <testcase name="third" classname="" time="0.000109" file="tests/harness_test.ts" line="6" assertions="0" />
    <testcase name="fourth" classname="" time="0.1" assertions="0">
      <failure type="AssertionError" />
    </testcase>
</testsuites>`;
  assertEquals(readJunit(xml), [
    { name: "first -> second", result: "passed" },
    { name: 'topic "second"', result: "skipped" },
    { name: "third", result: "passed" },
    { name: "fourth", result: "failed" },
  ]);
});

test("readJunit() finds nothing in an empty report", () => {
  assertEquals(readJunit(""), []);
});
