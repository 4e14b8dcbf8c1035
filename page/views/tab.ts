import type { StoreView, TopicView as Topic, VerifyView } from "../../src/ui/contract.ts";
import { messageOf } from "../../src/text/message.ts";
import { nothing } from "lit-html";
import { UnreachableError } from "../api.ts";
import { type Content, faultBox, waiting } from "../pieces.ts";
import { View } from "../view.ts";

/** A tab of a topic's page. */
export abstract class Tab extends View {
  /** What is known about the topic; undefined at first. */
  protected topic: Topic | undefined;
  /** Its last verification, if it can be verified. */
  protected verify: VerifyView | undefined;
  /** The error shown for the whole topic. */
  topicFault: string | undefined;
  #fault: string | undefined;
  #isUnreachable = false;

  constructor(protected readonly name: string, protected readonly store: StoreView) {
    super();
  }

  override get title(): string {
    return this.name;
  }

  /** Gets the topic's state every few seconds, and when it was requested: the first may be a while old. */
  setTopic(topic: Topic, verify: VerifyView | undefined, _takenMs: number): void {
    this.topic = topic;
    this.verify = verify;
    if (this.#isUnreachable) this.again();
  }

  /** Called when the server is reached again after a request of this tab did not reach it. */
  protected again(): void {}

  /** The last error, if any, unless it is shown for the whole topic. */
  protected fault(): Content {
    return faultBox(this.#fault === this.topicFault ? undefined : this.#fault);
  }

  /** Shown until there is an answer, which may be an error. */
  protected waiting(): Content {
    return this.#fault === undefined ? waiting() : nothing;
  }

  /** Everything works again. */
  protected succeeded(): void {
    this.#fault = undefined;
    this.#isUnreachable = false;
    this.changed();
  }

  protected override failed(error: unknown): void {
    this.#isUnreachable = error instanceof UnreachableError;
    this.#fault = messageOf(error);
    this.changed();
  }
}
