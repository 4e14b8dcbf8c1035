/** Exit codes of `diaspora-ctl`. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  damage: 3,
  noSuchTopic: 4,
  interrupted: 130,
} as const;

/** What each exit code means, for the documentation. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, "success; also if the reader of standard output closed it (`| head`)"],
  [EXIT.failure, "failed"],
  [EXIT.usage, "the command line or a file it names is wrong; nothing was done"],
  [EXIT.damage, "damage was found in stored events"],
  [EXIT.noSuchTopic, "no such topic, or no store where one should be"],
  [EXIT.interrupted, "interrupted by SIGINT or SIGTERM, after flushing and closing"],
];
