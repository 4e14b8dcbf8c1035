import type { TopicInfo } from "../../mod.ts";
import { BadRequestError } from "./http_response.ts";
import type { VerifyView } from "./contract.ts";
import type { Inspector } from "./inspector.ts";
import { messageOf } from "../text/message.ts";

/** Maximum number of findings to keep; all are counted. */
const FINDINGS_MAX = 500;

interface Job {
  view: VerifyView;
  controller: AbortController;
  ended: Promise<void>;
}

/** Verifications of topics, one at a time, and the latest result of each. */
export class Verifications implements AsyncDisposable {
  readonly #jobs = new Map<string, Job>();

  constructor(private readonly inspector: Inspector) {}

  /** The running or latest verification of a topic. */
  view(topic: string): VerifyView {
    return this.#jobs.get(topic)?.view ?? emptyView("never");
  }

  /** Starts one. */
  begin(info: TopicInfo, bytesTotal: number): VerifyView {
    for (const [name, { view }] of this.#jobs) {
      if (view.state === "running") {
        throw new BadRequestError(`Topic "${name}" is being verified: wait for it`);
      }
    }
    const view: VerifyView = { ...emptyView("running"), bytesTotal, startedTime: Date.now() };
    const controller = new AbortController();
    this.#jobs.set(info.name, { view, controller, ended: this.#run(info, view, controller.signal) });
    return view;
  }

  /** Stops one. */
  async end(topic: string): Promise<VerifyView> {
    const job = this.#jobs.get(topic);
    job?.controller.abort();
    await job?.ended;
    return this.view(topic);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#jobs.keys()].map((topic) => this.end(topic)));
  }

  async #run(info: TopicInfo, view: VerifyView, signal: AbortSignal): Promise<void> {
    const progress = ({ bytes, events }: { bytes: number; events: number }): void => {
      view.bytes += bytes;
      view.events += events;
    };
    try {
      for await (const finding of this.inspector.verify(info, { signal, progress })) {
        view.counts[finding.severity]++;
        if (view.findings.length < FINDINGS_MAX) view.findings.push(finding);
      }
      view.state = "done";
    } catch (error) {
      view.state = signal.aborted ? "stopped" : "failed";
      if (!signal.aborted) view.fault = messageOf(error);
    }
    view.endedTime = Date.now();
  }
}

function emptyView(state: VerifyView["state"]): VerifyView {
  const counts = { damage: 0, redundant: 0, torn: 0, foreign: 0, unreadable: 0 };
  return { state, bytesTotal: 0, bytes: 0, events: 0, counts, findings: [] };
}
