import type { Mutant } from "./mutants.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Answer } from "./protocol.ts";
import type { Result } from "./results.ts";
import type { Sandbox } from "./sandbox.ts";
import { distances, isNear } from "./tests.ts";
import { LOAD_LIMIT_MS, WorkerProcess } from "./worker_process.ts";

/** After this many mutants a process is replaced, because failed tests leave things open. */
const MUTANTS_PER_PROCESS = 150;

/** Time limit of a test with a mutant. */
function limitOf(ms: number): number {
  return 3000 + 5 * ms;
}

/** Tries mutants one after the other; several may run at a time. */
export class Trial {
  #worker: WorkerProcess | undefined;
  #tried = 0;
  /** Tests that killed mutants of a function or a file, the latest first: they may kill the next one too. */
  readonly #killers = new Map<string, number[]>();

  constructor(
    private readonly sandbox: Sandbox,
    private readonly knowledge: Knowledge,
    private readonly budgetMs: number,
  ) {}

  async try(mutant: Mutant): Promise<Result> {
    const { tests, atLoad } = this.knowledge;
    if (atLoad.has(mutant.number)) return await this.#tryAlone(mutant);
    const chosen = this.#choose(mutant, (index) => tests[index].hits.includes(mutant.number));
    if (chosen.length === 0) return { status: "unreached" };
    for (let attempt = 0;; attempt++) {
      const answer = await this.#ask(mutant, chosen);
      const isFirst = this.#tried === 1;
      if (answer?.kind !== "tried" || answer.outcome === "timeout" || !answer.isOwn) this.close();
      // Before the mutant counts as killed, the test must fail in a fresh process too.
      const inDoubt = answer?.kind !== "tried" || !answer.isOwn;
      if (inDoubt && !isFirst && attempt === 0) continue;
      return this.#resultOf(mutant, chosen, answer);
    }
  }

  close(): void {
    this.#worker?.kill();
    this.#worker = undefined;
  }

  async #ask(mutant: Mutant, chosen: readonly number[]): Promise<Answer | undefined> {
    if (this.#tried >= MUTANTS_PER_PROCESS || this.#worker?.hasEnded) this.close();
    if (this.#worker === undefined) {
      this.#worker = new WorkerProcess(this.sandbox);
      this.#tried = 0;
    }
    this.#tried++;
    return await this.#run(this.#worker, mutant, chosen, true);
  }

  async #run(
    worker: WorkerProcess,
    { number }: Mutant,
    chosen: readonly number[],
    recheck: boolean,
  ): Promise<Answer | undefined> {
    const tests = chosen.map((index) => {
      const { file, at, ms, mayLeave } = this.knowledge.tests[index];
      return { file, at, limitMs: limitOf(ms), mayLeave };
    });
    worker.send({ kind: "try", number, tests, recheck });
    const longest = Math.max(...tests.map(({ limitMs }) => limitMs));
    return await worker.answer(
      LOAD_LIMIT_MS + 2 * tests.reduce((sum, { limitMs }) => sum + limitMs - 3000, 2 * longest + 10_000),
    );
  }

  /** A mutant in code that runs once, when modules load: it needs a separate process. */
  async #tryAlone(mutant: Mutant, environment: Record<string, string> = {}): Promise<Result> {
    const { tests } = this.knowledge;
    const near = new Map<string, boolean>();
    const reaches = (file: string): boolean => {
      if (!near.has(file)) {
        near.set(file, distances(file).has(mutant.file) || mutant.file.startsWith("wasm/"));
      }
      return near.get(file)!;
    };
    const chosen = this.#choose(mutant, (index) => reaches(tests[index].file));
    if (chosen.length === 0) return { status: "unreached" };
    const worker = new WorkerProcess(this.sandbox, {
      DIASPORA_MUTANT: String(mutant.number),
      ...environment,
    });
    try {
      return this.#resultOf(mutant, chosen, await this.#run(worker, mutant, chosen, false));
    } finally {
      worker.kill();
    }
  }

  #resultOf(mutant: Mutant, chosen: readonly number[], answer: Answer | undefined): Result {
    if (answer?.kind !== "tried") return { status: "timeout" };
    if (answer.outcome === "passed") return { status: "survived" };
    const killer = chosen[answer.by];
    this.#remember(mutant, killer);
    const { file, name } = this.knowledge.tests[killer];
    return { status: answer.outcome === "timeout" ? "timeout" : "killed", by: `${file}: ${name}` };
  }

  /** Tries a mutant of the core: `core` is the file with the compiled mutant. */
  tryCore(mutant: Mutant, core: string): Promise<Result> {
    return this.#tryAlone(mutant, { DIASPORA_MUTATED_CORE: core });
  }

  /** The tests to run, the most likely and fastest first, as many as the budget allows. */
  #choose({ file, within }: Mutant, comesBy: (index: number) => boolean): number[] {
    const { tests } = this.knowledge;
    const killers = [...this.#killersOf(`${file} ${within}`), ...this.#killersOf(file)];
    // On a busy machine time says little; a test that sleeps costs the processor nothing, but holds others up.
    const costOf = (index: number): number => tests[index].cpuMs + tests[index].ms / 10;
    const rank = (index: number): number => {
      const place = killers.indexOf(index);
      if (place >= 0 && costOf(index) < 500) return place - 1000;
      return costOf(index) * (isNear(tests[index].file, file) ? 0.2 : 1);
    };
    const chosen: number[] = [];
    let budget = this.budgetMs;
    const able = tests.map((_, index) => index).filter((index) =>
      tests[index].outcome === "passed" && comesBy(index)
    );
    for (const index of able.sort((a, b) => rank(a) - rank(b))) {
      budget -= costOf(index);
      if (budget < 0 && chosen.length > 0) break;
      chosen.push(index);
    }
    return chosen;
  }

  #killersOf(place: string): readonly number[] {
    return this.#killers.get(place) ?? [];
  }

  #remember({ file, within }: Mutant, killer: number): void {
    for (const place of [`${file} ${within}`, file]) {
      const before = this.#killersOf(place);
      this.#killers.set(place, [killer, ...before.filter((other) => other !== killer)].slice(0, 4));
    }
  }
}
