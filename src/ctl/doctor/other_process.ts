import { spawn } from "node:child_process";

/**
 * Lets another process append blocks of one size to a file, each by one write; false if that is impossible. It
 * does not use a shell: permission to start `dd` allows writing files, which the program may do anyway, and
 * nothing more.
 */
export function appendByProcess(path: string, blocks: readonly Uint8Array[]): Promise<boolean> {
  const [{ length } = { length: 1 }] = blocks;
  const words = [`of=${path}`, `bs=${length}`, "iflag=fullblock"];
  words.push("oflag=append", "conv=notrunc", "status=none");
  return new Promise((resolve) => {
    const child = spawn("dd", words, {
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
    // If the process ended early, its exit code says so.
    child.stdin.on("error", () => {});
    for (const block of blocks) child.stdin.write(block);
    child.stdin.end();
  });
}
