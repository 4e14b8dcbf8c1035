/**
 * Groups of consumers: those of one name share the partitions of a topic. Every driver assigns partitions alike
 * (`assignor.ts`); the rest is for stores without a coordinator, where members agree by files beside the positions:
 *
 * | name                   | what it is                                                                         |
 * | ---------------------- | ---------------------------------------------------------------------------------- |
 * | `group/NUMBER.json`    | a roster: the members and their partitions; the one with the highest number counts |
 * | `group/members/MEMBER` | a member's heartbeat, by which the others see that it is alive                     |
 *
 * `membership.ts` joins, leaves and takes over; `roster.ts` has the files; `lease.ts` and `failure_detector.ts` decide
 * how long a member may rely on what it owns, and when the others consider it dead. Groups read no clock, no randomness
 * and no file system but through the `Storage` and the `GroupEnvironment` they were given.
 *
 * @module
 */
export { type AssignmentFailure, type AssignmentListener, assignPartitions } from "./assignor.ts";
export { FailureDetector, type GroupEnvironment } from "./failure_detector.ts";
export { Membership } from "./membership.ts";
export { type Member, type MemberProcess, type Roster, RosterFiles } from "./roster.ts";
