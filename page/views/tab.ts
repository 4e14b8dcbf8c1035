import type { StoreView, TopicView as Topic, VerifyView } from "../../src/ui/contract.ts";
import { type Content, faultBox } from "../pieces.ts";
import { View } from "../view.ts";

/** A part of the page about a topic. */
export abstract class Tab extends View {
  /** What is known of the topic; undefined at first. */
  protected topic: Topic | undefined;
  /** Its last verification, where there can be one. */
  protected verify: VerifyView | undefined;
  #fault: string | undefined;

  constructor(protected readonly name: string, protected readonly store: StoreView) {
    super();
  }

  override get title(): string {
    return this.name;
  }

  /** Given every few seconds what the topic is like, and when that was asked: at first it may be a while ago. */
  setTopic(topic: Topic, verify: VerifyView | undefined, _takenMs: number): void {
    this.topic = topic;
    this.verify = verify;
  }

  /** What went wrong last, if anything. */
  protected fault(): Content {
    return faultBox(this.#fault);
  }

  /** All went well again. */
  protected succeeded(): void {
    this.#fault = undefined;
    this.changed();
  }

  protected override failed(error: unknown): void {
    this.#fault = error instanceof Error ? error.message : String(error);
    this.changed();
  }
}
