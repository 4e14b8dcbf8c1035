import { execFile } from "node:child_process";

/** Runs a line of shell; false when it could not. */
function shell(line: string, environment: Record<string, string>): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      "sh",
      ["-c", line],
      { env: { PATH: "/usr/bin:/bin", ...environment } },
      (error) => resolve(error === null),
    );
  });
}

/** Lets one process for each letter append blocks of it to a file, at the same time; false where that is impossible. */
export async function appendFromProcesses(
  path: string,
  { letters, blockBytes, blocks }: { letters: readonly string[]; blockBytes: number; blocks: number },
): Promise<boolean> {
  const append = `tr '\\0' "$LETTER" < /dev/zero | ` +
    `dd of="$FILE" bs=${blockBytes} count=${blocks} iflag=fullblock oflag=append conv=notrunc status=none`;
  const done = await Promise.all(letters.map((letter) => shell(append, { FILE: path, LETTER: letter })));
  return done.every((succeeded) => succeeded);
}

/** Lets another process append to a file. */
export async function appendFromShell(path: string): Promise<boolean> {
  return await shell('echo changed >> "$FILE"', { FILE: path });
}
