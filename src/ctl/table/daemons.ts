import type { CommandSpec } from "../command.ts";
import { ENGINE, LOAD_MODULES, SHARED } from "./common.ts";

/** `fifo` and `forward`: they run until they are stopped. */
export const DAEMON_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["fifo"],
    summary: "Run a daemon that moves lines between named pipes and topics",
    details: "Creates the control FIFO; each line written to it is a command.\n\n" +
      "PATH -> TOPIC (key=value, …) creates the FIFO PATH; each line written to it becomes an event's metadata. " +
      "format=raw (default) stores the line as text, format=json as a JSON document; batch_size=N (default 128). " +
      "The FIFO stays for the next writer and is removed when the daemon stops.\n\n" +
      "PATH <- TOPIC (key=value, …) writes each event's metadata as a line to the FIFO PATH, which must exist, " +
      "as soon as it has a reader. format=raw (default) writes strings without quotes, format=json as JSON; name=N is the " +
      "consumer name (default: PATH); ack=true acknowledges what was written; group=true shares the partitions with " +
      "other consumers of that name; batch_size=N.\n\n" +
      "An invalid command is logged and skipped. SIGTERM and SIGINT end the daemon with exit code 0.",
    makesStore: true,
    options: [
      ...ENGINE,
      {
        name: "control-file",
        kind: "file",
        value: "PATH",
        required: true,
        describe: "Control FIFO to create; an existing one that no process reads is replaced",
      },
      ...SHARED,
    ],
    examples: [
      {
        title: "Push events from any program that can write a line",
        shell: `diaspora-ctl fifo --store /tmp/diaspora-data \\
  --control-file /tmp/diaspora-control &
daemon=$!
until [ -p /tmp/diaspora-control ]; do sleep 0.1; done
echo '/tmp/diaspora-in -> my_topic' > /tmp/diaspora-control
until [ -p /tmp/diaspora-in ]; do sleep 0.1; done
echo 'any "text"' > /tmp/diaspora-in
sleep 0.5
kill $daemon
wait $daemon`,
      },
    ],
    load: () => import("../commands/fifo.ts"),
  },
  {
    path: ["forward"],
    summary: "Run a daemon that copies events from topics to other topics",
    details:
      "The YAML file defines drivers, and policies that forward events between their topics, which must exist:\n\n" +
      "    drivers:\n" +
      "      local:  { type: files, options: { root_path: /data/local } }\n" +
      '      remote: { type: octopus, options: { kafka: { bootstrap.servers: "kafka:9092" } } }\n' +
      "    forward:\n" +
      "      - from: local/source-topic\n" +
      "        to: remote/dest-topic\n" +
      "        group: true                                  # optional, share the partitions with other daemons like it\n" +
      '        data_selector: "./selectors.ts:highEnergy"   # optional, MODULE:EXPORT\n' +
      '        data_allocator: "./selectors.ts:pooled"      # optional\n\n' +
      "An event is acknowledged at the source, under the consumer name from->to, only once the destination has " +
      "stored it, so nothing is lost however the daemon ends. A policy that fails is retried and does not stop " +
      "the others. The whole data part is forwarded unless a selector says otherwise. Module paths are relative " +
      "to the YAML file. SIGTERM and SIGINT end the daemon with exit code 0.",
    options: [
      {
        name: "config",
        kind: "file",
        value: "FILE",
        required: true,
        describe: "YAML file with drivers and policies",
      },
      LOAD_MODULES,
      ...SHARED,
    ],
    examples: [
      {
        title: "From one topic to another in the same store",
        shell: `cat > /tmp/diaspora-forward.yaml <<'END'
drivers:
  local: { type: files, options: { root_path: /tmp/diaspora-data } }
forward:
  - from: local/my_topic
    to: local/copy
END
diaspora-ctl topic create --name copy --store /tmp/diaspora-data
diaspora-ctl forward --config /tmp/diaspora-forward.yaml &
daemon=$!
sleep 3
kill $daemon
wait $daemon
diaspora-ctl consume copy --store /tmp/diaspora-data`,
      },
    ],
    load: () => import("../commands/forward.ts"),
  },
];
