// Another implementation of Kafka's protocol, franz-go's kfake, for tests: built with Go, kept outside the
// repository.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const MODULE = "github.com/twmb/franz-go/pkg/kfake";
const VERSION = "v0.0.0-20250320172111-35ab5e5f5327";
const BUILD_MS_MAX = 300_000;
const PROGRAM = join(tmpdir(), `diaspora-kfake-${VERSION}`);

const SOURCE = `package main

import (
	"fmt"
	"io"
	"os"

	"${MODULE}"
)

func main() {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(2))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer cluster.Close()
	fmt.Println(cluster.ListenAddrs()[0])
	io.Copy(io.Discard, os.Stdin)
}
`;

/** Why there is no kfake here, or false: for the option `skip` of tests. */
export const kfakeMissing: string | false = build();

function build(): string | false {
  if (existsSync(PROGRAM)) return false;
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/local/go/bin` };
  if (spawnSync("go", ["version"], { env }).status !== 0) return "no Go is installed";
  const work = mkdtempSync(join(tmpdir(), "diaspora-kfake-build-"));
  try {
    writeFileSync(join(work, "main.go"), SOURCE);
    for (
      const step of [["mod", "init", "kfake"], ["get", `${MODULE}@${VERSION}`], ["build", "-o", "kfake", "."]]
    ) {
      const { status } = spawnSync("go", step, { cwd: work, env, timeout: BUILD_MS_MAX });
      if (status !== 0) return "Go could not build kfake";
    }
    renameSync(join(work, "kfake"), PROGRAM);
    return false;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Two kfake brokers; they end when their standard input closes. */
export class Kfake {
  private constructor(private readonly child: ChildProcess, readonly address: string) {}

  static async start(): Promise<Kfake> {
    const child = spawn(PROGRAM, [], { stdio: ["pipe", "pipe", "inherit"] });
    const address = await new Promise<string>((resolve, reject) => {
      child.stdout!.once("data", (line) => resolve(String(line).trim()));
      child.once("exit", (code) => reject(new Error(`kfake ended with ${code}`)));
    });
    return new Kfake(child, address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin!.end();
    await ended;
  }
}
