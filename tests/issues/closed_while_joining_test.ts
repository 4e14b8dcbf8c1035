// A member of a Kafka group was closed while it joined again. The client's close left the group, and let the join that
// was under way complete: it started heartbeats, which ran on in the closed client, and the other members waited for
// one that was not there. A join that finds its group left ends.
import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import { test } from "../harness.ts";
import { clusterOfGroup, memberOn } from "../drivers/kafka/cluster_of_group.ts";

/** A client with a join that is under way, which completes as the real one's does. */
class JoiningClient extends EventEmitter {
  readonly groupId = "name";
  readonly topics = { track: () => {} };
  heartbeats = 0;
  isClosed = false;
  #isMember = true;

  joinGroup(): Promise<void> {
    return Promise.resolve();
  }

  leaveGroup(): Promise<void> {
    if (this.isClosed) return Promise.reject(new Error("closed"));
    this.#isMember = false;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  completeJoin(): void {
    if (this.#isMember) this.heartbeats++;
  }
}

test("a member that is closed while it joins sends no heartbeat afterwards", async () => {
  const client = new JoiningClient();
  const group = memberOn(clusterOfGroup(client));
  await group.open();
  await group.close();
  client.completeJoin();
  assertEquals([client.isClosed, client.heartbeats], [true, 0]);
});
