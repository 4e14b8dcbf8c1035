/** Heading of the notes that are not in any version yet. */
const UNRELEASED = "## Unreleased";

/** The notes of a version in a changelog, or undefined if it has none. */
export function notesOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^(?=## )/m);
  const own = sections.find((section) => section.split("\n", 1)[0].split(" ")[1] === version);
  const notes = own?.split("\n").slice(1).join("\n").trim();
  return notes === "" ? undefined : notes;
}

/** The changelog with its unreleased notes moved to a version; undefined if there are none. */
export function withVersionNamed(
  changelog: string,
  { version, date }: { version: string; date: string },
): string | undefined {
  if (notesOf(changelog, "Unreleased") === undefined) return undefined;
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n\n## ${version} (${date})`);
}
