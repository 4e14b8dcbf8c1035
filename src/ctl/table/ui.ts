import type { CommandSpec } from "../command.ts";
import { ENGINE, SHARED } from "./common.ts";

/** The web page. */
export const UI_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["ui"],
    summary: "Serve a web page that shows topics and events",
    details:
      "Topics and partitions with their sizes, rates and consumer lag over time, segments, events page by page " +
      "and live, filtered by an EventBridge pattern, with their data as hex, text or image; and the " +
      "results of a verification. /metrics serves the numbers to Prometheus. It changes nothing, and contacts no " +
      "other machines.\n\n" +
      "Prints the address to open, and serves until a signal ends it, with exit code 0. Only programs on this " +
      "machine can connect; with another --host the address includes a token. Connections are not encrypted: " +
      "over a shared network, keep the default host and use a tunnel (ssh -L). See docs/ui.md.",
    options: [
      ...ENGINE,
      {
        name: "host",
        kind: "text",
        value: "ADDRESS",
        describe:
          "Address to listen on (default: 127.0.0.1); other addresses than this machine's own require a token",
      },
      {
        name: "port",
        kind: "count",
        value: "N",
        describe: "Port to listen on (default: 8017); 0 selects a free one",
      },
      {
        name: "token",
        kind: "text",
        value: "TOKEN",
        describe:
          "Require this token, even on this machine; random generates one (default: random with another --host)",
      },
      ...SHARED,
    ],
    examples: [
      {
        title: "On http://localhost:8017/, until Ctrl+C",
        shell: "diaspora-ctl ui --store /tmp/diaspora-data",
        run: false,
      },
      {
        title: "In a script: start it, query it, stop it",
        shell: `diaspora-ctl ui --store /tmp/diaspora-data --port 0 > /tmp/ui-address &
ui=$!
until [ -s /tmp/ui-address ]; do sleep 0.1; done
node -e 'fetch(process.argv[1] + "api/topics").then((answer) => answer.text()).then(console.log)' "$(cat /tmp/ui-address)"
kill $ui
wait $ui`,
      },
    ],
    load: () => import("../commands/ui.ts"),
  },
];
