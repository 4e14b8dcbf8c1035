/**
 * The examples of the published EventBridge documentation, operator by operator: the patterns of its summary
 * table and of its sections, each with events that must and must not match.
 */
import { assert, assertFalse } from "@std/assert";
import { compileEventPattern } from "../../../../src/components/mod.ts";
import type { JsonValue } from "../../../../src/json.ts";
import { test } from "../../../harness.ts";

interface Example {
  name: string;
  pattern: JsonValue;
  matches: JsonValue[];
  refuses: JsonValue[];
}

const instanceEvent = {
  version: "0",
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  "detail-type": "EC2 Instance State-change Notification",
  source: "aws.ec2",
  account: "111122223333",
  time: "2017-12-22T18:43:48Z",
  region: "us-west-1",
  resources: ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
  detail: { "instance-id": "i-1234567890abcdef0", state: "terminated" },
};

const launchEvent = {
  version: "0",
  id: "3e3c153a-8339-4e30-8c35-687ebef853fe",
  "detail-type": "EC2 Instance Launch Successful",
  source: "aws.autoscaling",
  account: "123456789012",
  time: "2015-11-11T21:31:47Z",
  region: "us-east-1",
  resources: [],
  detail: { eventVersion: "", responseElements: null },
};

const macieEvent = {
  "detail-type": "Macie Alert",
  source: "aws.macie",
  detail: {
    "risk-score": 80,
    tags: ["Custom_Alert", "Insider"],
    trigger: { "alert-type": "basic", risk: 8 },
  },
};

const detail = (fields: JsonValue): JsonValue => ({ detail: fields });

const EXAMPLES: Example[] = [
  {
    name: "and: every field must match",
    pattern: { Location: ["New York"], Day: ["Monday"] },
    matches: [{ Location: "New York", Day: "Monday", Hour: 9 }],
    refuses: [{ Location: "New York" }, { Location: "New York", Day: "Tuesday" }],
  },
  {
    name: "nested fields",
    pattern: {
      source: ["aws.ec2"],
      "detail-type": ["EC2 Instance State-change Notification"],
      detail: { state: ["terminated"] },
    },
    matches: [instanceEvent],
    refuses: [launchEvent, { ...instanceEvent, detail: { state: "running" } }, {
      ...instanceEvent,
      detail: {},
    }],
  },
  {
    name: "numbers, at two depths",
    pattern: {
      source: ["aws.macie"],
      "detail-type": ["Macie Alert"],
      detail: { "risk-score": [80], trigger: { risk: [8] } },
    },
    matches: [macieEvent],
    refuses: [
      { ...macieEvent, detail: { "risk-score": 80, trigger: { risk: 7 } } },
      { ...macieEvent, detail: { "risk-score": "80", trigger: { risk: 8 } } },
    ],
  },
  {
    name: "or: any value of the list",
    pattern: { source: ["aws.ec2", "aws.fargate"] },
    matches: [instanceEvent, { source: "aws.fargate" }],
    refuses: [launchEvent, { source: "AWS.EC2" }],
  },
  {
    name: "empty text",
    pattern: detail({ eventVersion: [""] }),
    matches: [launchEvent],
    refuses: [detail({ eventVersion: null }), detail({ eventVersion: "1" }), detail({})],
  },
  {
    name: "null",
    pattern: detail({ responseElements: [null] }),
    matches: [launchEvent],
    refuses: [detail({ responseElements: "" }), detail({ responseElements: "null" }), detail({})],
  },
  {
    name: "arrays: the two lists share a value",
    pattern: {
      resources: [
        "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f",
        "arn:aws:ec2:us-east-1:111122223333:instance/i-b188560f",
      ],
    },
    matches: [{
      resources: [
        "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56d16b:autoScalingGroupName/ASGTerminate",
        "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f",
      ],
    }],
    refuses: [{ resources: [] }, { resources: ["arn:aws:ec2:us-east-1:444455556666:instance/i-b188560f"] }],
  },
  {
    name: "prefix",
    pattern: { time: [{ prefix: "2017-10-02" }] },
    matches: [{ time: "2017-10-02T18:43:48Z" }],
    refuses: [{ time: "2017-10-03T18:43:48Z" }, { time: 20171002 }, {}],
  },
  {
    name: "prefix, ignoring case",
    pattern: { service: [{ prefix: { "equals-ignore-case": "eventb" } }] },
    matches: [{ service: "EventBridge" }, { service: "eventbridge" }, { service: "EVENTB" }],
    refuses: [{ service: "event" }, { service: "an eventbridge" }],
  },
  {
    name: "suffix",
    pattern: { FileName: [{ suffix: ".png" }] },
    matches: [{ FileName: "cat.png" }, { FileName: ".png" }],
    refuses: [{ FileName: "cat.PNG" }, { FileName: "png" }],
  },
  {
    name: "suffix, ignoring case",
    pattern: { service: [{ suffix: { "equals-ignore-case": "tBridge" } }] },
    matches: [{ service: "EventBridge" }, { service: "EVENTBRIDGE" }],
    refuses: [{ service: "EventBridges" }],
  },
  {
    name: "equals-ignore-case",
    pattern: { "detail-type": [{ "equals-ignore-case": "ec2 instance state-change notification" }] },
    matches: [instanceEvent],
    refuses: [launchEvent],
  },
  {
    name: "equals-ignore-case on a name",
    pattern: { Name: [{ "equals-ignore-case": "alice" }] },
    matches: [{ Name: "Alice" }, { Name: "ALICE" }],
    refuses: [{ Name: "Alicia" }],
  },
  {
    name: "anything-but one text",
    pattern: detail({ state: [{ "anything-but": "initializing" }] }),
    matches: [instanceEvent, detail({ state: null }), detail({ state: 5 })],
    refuses: [detail({ state: "initializing" }), detail({})],
  },
  {
    name: "anything-but one number",
    pattern: detail({ "x-limit": [{ "anything-but": 123 }] }),
    matches: [detail({ "x-limit": 124 }), detail({ "x-limit": "123" })],
    refuses: [detail({ "x-limit": 123 })],
  },
  {
    name: "anything-but a list of texts",
    pattern: detail({ state: [{ "anything-but": ["stopped", "overloaded"] }] }),
    matches: [detail({ state: "running" })],
    refuses: [detail({ state: "stopped" }), detail({ state: "overloaded" })],
  },
  {
    name: "anything-but a list of numbers",
    pattern: detail({ "x-limit": [{ "anything-but": [100, 200, 300] }] }),
    matches: [detail({ "x-limit": 101 })],
    refuses: [detail({ "x-limit": 200 })],
  },
  {
    name: "anything-but, ignoring case",
    pattern: detail({ state: [{ "anything-but": { "equals-ignore-case": "initializing" } }] }),
    matches: [detail({ state: "running" })],
    refuses: [detail({ state: "INITIALIZING" }), detail({ state: "initializing" })],
  },
  {
    name: "anything-but a list, ignoring case",
    pattern: detail({ state: [{ "anything-but": { "equals-ignore-case": ["initializing", "stopped"] } }] }),
    matches: [detail({ state: "running" })],
    refuses: [detail({ state: "Stopped" }), detail({ state: "Initializing" })],
  },
  {
    name: "anything-but a prefix",
    pattern: detail({ state: [{ "anything-but": { prefix: "init" } }] }),
    matches: [detail({ state: "running" })],
    refuses: [detail({ state: "initializing" }), detail({})],
  },
  {
    name: "anything-but the prefix of a region",
    pattern: { Region: [{ "anything-but": { prefix: "us-" } }] },
    matches: [{ Region: "eu-west-1" }],
    refuses: [{ Region: "us-west-1" }],
  },
  {
    name: "anything-but a suffix",
    pattern: { FileName: [{ "anything-but": { suffix: ".png" } }] },
    matches: [{ FileName: "cat.jpg" }],
    refuses: [{ FileName: "cat.png" }],
  },
  {
    name: "anything-but a list of suffixes",
    pattern: { FileName: [{ "anything-but": { suffix: [".txt", ".rtf"] } }] },
    matches: [{ FileName: "cat.jpg" }],
    refuses: [{ FileName: "cat.rtf" }, { FileName: "cat.txt" }],
  },
  {
    name: "anything-but a wildcard",
    pattern: { FilePath: [{ "anything-but": { wildcard: "*/lib/*" } }] },
    matches: [{ FilePath: "/usr/bin/tool" }],
    refuses: [{ FilePath: "/usr/lib/tool" }],
  },
  {
    name: "anything-but a list of wildcards",
    pattern: { FilePath: [{ "anything-but": { wildcard: ["*/lib/*", "*/bin/*"] } }] },
    matches: [{ FilePath: "/etc/tool" }],
    refuses: [{ FilePath: "/usr/lib/tool" }, { FilePath: "/usr/bin/tool" }],
  },
  {
    name: "numeric, over several fields",
    pattern: detail({
      "c-count": [{ numeric: [">", 0, "<=", 5] }],
      "d-count": [{ numeric: ["<", 10] }],
      "x-limit": [{ numeric: ["=", 3.018e2] }],
    }),
    matches: [detail({ "c-count": 5, "d-count": 3, "x-limit": 301.8 })],
    refuses: [
      detail({ "c-count": 0, "d-count": 3, "x-limit": 301.8 }),
      detail({ "c-count": 6, "d-count": 3, "x-limit": 301.8 }),
      detail({ "c-count": 5, "d-count": 10, "x-limit": 301.8 }),
      detail({ "c-count": 5, "d-count": 3, "x-limit": 301.9 }),
      detail({ "c-count": "5", "d-count": 3, "x-limit": 301.8 }),
    ],
  },
  {
    name: "numeric equality",
    pattern: { Price: [{ numeric: ["=", 100] }] },
    matches: [{ Price: 100 }],
    refuses: [{ Price: 101 }, { Price: "100" }],
  },
  {
    name: "numeric range",
    pattern: { Price: [{ numeric: [">", 10, "<=", 20] }] },
    matches: [{ Price: 10.5 }, { Price: 20 }],
    refuses: [{ Price: 10 }, { Price: 20.1 }],
  },
  {
    name: "cidr",
    pattern: detail({ sourceIPAddress: [{ cidr: "10.0.0.0/24" }] }),
    matches: [detail({ sourceIPAddress: "10.0.0.33" })],
    refuses: [detail({ sourceIPAddress: "10.0.1.33" }), detail({ sourceIPAddress: "here" })],
  },
  {
    name: "exists",
    pattern: detail({ "c-count": [{ exists: true }] }),
    matches: [detail({ "c-count": 5 }), detail({ "c-count": null }), detail({ "c-count": "" })],
    refuses: [detail({}), {}, detail({ "c-count": { c1: 100 } })],
  },
  {
    name: "exists: false",
    pattern: detail({ "c-count": [{ exists: false }] }),
    matches: [
      {
        "detail-type": ["EC2 Instance State-change Notification"],
        detail: { state: ["initializing", "running"] },
      },
      detail({ state: ["initializing"], "c-count": { c1: 100 } }),
      {},
    ],
    refuses: [detail({ "c-count": 5 }), detail({ "c-count": null })],
  },
  {
    name: "$or over two fields",
    pattern: { $or: [{ Location: ["New York"] }, { Day: ["Monday"] }] },
    matches: [{ Location: "New York" }, { Day: "Monday", Location: "Rome" }],
    refuses: [{ Location: "Rome" }, {}],
  },
  {
    name: "$or beside other fields, with operators in it",
    pattern: {
      source: ["aws.cloudwatch"],
      $or: [
        { metricName: [{ prefix: "CPUUtilization" }, { prefix: "ReadLatency" }] },
        { metricType: ["MetricType"], namespace: ["AWS/EC2", "AWS/ES"] },
        { scope: ["Service"] },
      ],
    },
    matches: [
      { source: "aws.cloudwatch", metricName: "CPUUtilization" },
      { source: "aws.cloudwatch", metricType: "MetricType", namespace: "AWS/ES" },
      { source: "aws.cloudwatch", scope: "Service" },
    ],
    refuses: [
      { source: "aws.ec2", scope: "Service" },
      { source: "aws.cloudwatch", metricType: "MetricType" },
      { source: "aws.cloudwatch" },
    ],
  },
  {
    name: "$or in a nested object, and $or within $or",
    pattern: {
      detail: {
        $or: [
          { "c-count": [{ numeric: [">", 0, "<=", 5] }] },
          {
            "d-count": [{ numeric: ["<", 10] }],
            $or: [{ "x-limit": [{ numeric: ["=", 3.018e2] }] }, { y: [1] }],
          },
        ],
      },
    },
    matches: [
      detail({ "c-count": 5 }),
      detail({ "d-count": 3, "x-limit": 301.8 }),
      detail({ "d-count": 3, y: 1 }),
    ],
    refuses: [detail({ "d-count": 3 }), detail({ "c-count": 6 }), {}],
  },
  {
    name: "wildcard",
    pattern: { FileName: [{ wildcard: "dir/*.png" }] },
    matches: [{ FileName: "dir/cat.png" }, { FileName: "dir/.png" }, { FileName: "dir/sub/cat.png" }],
    refuses: [{ FileName: "other/cat.png" }, { FileName: "dir/cat.jpg" }],
  },
  {
    name: "several operators together",
    pattern: {
      time: [{ prefix: "2017-10-02" }],
      detail: {
        state: [{ "anything-but": "initializing" }],
        "c-count": [{ numeric: [">", 0, "<=", 5] }],
        "d-count": [{ numeric: ["<", 10] }],
        "x-limit": [{ "anything-but": [100, 200, 300] }],
      },
    },
    matches: [{
      time: "2017-10-02T16:24:49Z",
      detail: { state: "running", "c-count": 5, "d-count": 3, "x-limit": 301.8 },
    }],
    refuses: [
      {
        time: "2017-10-02T16:24:49Z",
        detail: { state: "running", "c-count": 5, "d-count": 3, "x-limit": 100 },
      },
      {
        time: "2017-10-03T16:24:49Z",
        detail: { state: "running", "c-count": 5, "d-count": 3, "x-limit": 301.8 },
      },
    ],
  },
];

for (const { name, pattern, matches, refuses } of EXAMPLES) {
  test(`event pattern of the documentation: ${name}`, () => {
    const test = compileEventPattern(pattern);
    for (const event of matches) assert(test(event), `must match: ${JSON.stringify(event)}`);
    for (const event of refuses) assertFalse(test(event), `must not match: ${JSON.stringify(event)}`);
  });
}
