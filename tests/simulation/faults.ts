import type { FaultRates } from "./disk/disk.ts";
import type { Random } from "./disk/random.ts";
import type { GroupModel } from "./model/group_model.ts";
import type { StoryKind } from "./world.ts";

/** The faults in a history of a group. */
export function chooseGroupFaults(random: Random, { isPeaceful }: GroupModel, theme: Theme): FaultRates {
  const chosen = chooseFaults(random, theme === "few descriptors" ? theme : undefined);
  const { preempt, shortRead, slowSync, halfSeen, noDescriptor, ...severe } = chosen;
  const peaceful = { preempt, shortRead, slowSync, halfSeen, noDescriptor, clockStep: severe.clockStep };
  if (isPeaceful) return peaceful;
  const faults = { ...severe, ...peaceful, shortUpdate: random.chance(0.4) ? 0.03 : undefined };
  if (theme === "stopped members") return { ...faults, preempt: 0.05, stop: random.pick([0.01, 0.03]) };
  if (theme === "cut positions") return { ...faults, shortUpdate: 0.3, error: undefined };
  return faults;
}

/**
 * The theme of a history. Most have every fault; in others one kind of fault, or of call, happens repeatedly,
 * because bugs that need several of one kind would otherwise hardly ever show.
 */
export type Theme =
  | "everything"
  | "failing syncs"
  | "cut writes"
  | "stopped writers"
  | "stepping clocks"
  | "lost names"
  | "moved positions"
  | "whole consumers"
  | "locked appends"
  | "removed data"
  | "few descriptors"
  | "stopped members"
  | "cut positions"
  | "removed work";

/** The themes of the log's histories and of a group's, by the last digit of the seed. */
const THEMES: Readonly<Record<StoryKind, Readonly<Record<number, Theme>>>> = {
  log: {
    0: "failing syncs",
    1: "cut writes",
    2: "stopped writers",
    3: "stepping clocks",
    4: "locked appends",
    5: "moved positions",
    6: "whole consumers",
    7: "lost names",
    8: "few descriptors",
    9: "removed data",
  },
  group: { 0: "stopped members", 1: "cut positions", 2: "removed work", 3: "few descriptors" },
};

/** Of ten seeds in a row, each theme has one and everything has the others. */
export function themeOf(seed: number, kind: StoryKind): Theme {
  return THEMES[kind][seed % 10] ?? "everything";
}

/** The faults in a history, and how often they happen. */
export function chooseFaults(random: Random, theme: Theme = "everything"): FaultRates {
  const faults = chooseAnyFaults(random);
  switch (theme) {
    case "everything":
    case "moved positions":
    case "whole consumers":
    case "locked appends":
    case "removed data":
    case "stopped members":
    case "cut positions":
    case "removed work":
      return faults;
    case "failing syncs":
      return { ...faults, failedSync: random.pick([0.2, 0.4]), slowSync: 0.5, error: undefined };
    case "cut writes":
      return { ...faults, shortWrite: 0.3, halfSeen: 0.2, preempt: 0.1, kill: undefined };
    case "stopped writers":
      return { ...faults, stop: random.pick([0.01, 0.03]) };
    case "stepping clocks":
      return { ...faults, clockStep: 0.03, pause: 0.02 };
    case "lost names":
      return { ...faults, error: undefined, failedSync: undefined };
    case "few descriptors":
      return { ...faults, noDescriptor: random.pick([0.05, 0.3]) };
  }
}

function chooseAnyFaults(random: Random): FaultRates {
  // If the disk is full, a writer cannot make a folder dirty again whose sync has failed before.
  const failedDirectorySync = random.chance(0.2) ? 0.05 : undefined;
  const sometimes = (probability: number, rate: number) => random.chance(probability) ? rate : undefined;
  return {
    preempt: sometimes(0.8, 0.05),
    stop: sometimes(0.4, 0.003),
    kill: sometimes(0.6, 0.004),
    shortWrite: sometimes(0.4, 0.05),
    shortRead: sometimes(0.3, 0.05),
    error: failedDirectorySync === undefined ? sometimes(0.4, 0.01) : undefined,
    failedSync: sometimes(0.3, random.pick([0.05, 0.3])),
    failedDirectorySync,
    slowSync: sometimes(0.7, 0.8),
    halfSeen: sometimes(0.6, 0.2),
    clockStep: sometimes(0.3, 0.01),
    pause: sometimes(0.4, 0.01),
  };
}
