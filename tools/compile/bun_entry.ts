/**
 * Entry point of the program compiled by Bun. Modules that users load into it (validators, drivers …) import
 * `@diaspora/stream` from the program itself, so that nothing has to be installed next to them.
 */

/** The part of Bun's API used here. */
interface Bun {
  plugin(plugin: {
    name: string;
    setup(build: {
      module(specifier: string, load: () => Promise<{ exports: object; loader: "object" }>): void;
    }): void;
  }): void;
}

const { Bun: bun } = globalThis as unknown as { Bun: Bun };
bun.plugin({
  name: "diaspora-stream",
  setup: (build) => {
    build.module(
      "@diaspora/stream",
      async () => ({ exports: await import("../../mod.ts"), loader: "object" }),
    );
    // Where the library looks for its driver last, since there are no files next to a compiled program.
    build.module(
      "@diaspora/stream/kafka",
      async () => ({ exports: await import("../../src/kafka/mod.ts"), loader: "object" }),
    );
  },
});
await import("../../cli.ts");
