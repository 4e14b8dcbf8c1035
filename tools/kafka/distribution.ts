// Apache Kafka's jars, from Maven Central, kept outside the repository for later runs.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** To test with older brokers: `DIASPORA_TEST_KAFKA=3.3.2 npm test -- tests/kafka/driver_test.ts`. */
export const KAFKA_VERSION: string = process.env.DIASPORA_TEST_KAFKA ?? "4.3.1";
/** The oldest version that the documentation claims to support. */
export const OLDEST_VERSION = "2.8.2";
const LOG4J_VERSION = "2.25.1";
const DOWNLOAD_MS_MAX = 300_000;

const pomOf = (version: string): string =>
  `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>kafka-broker</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>${LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/** The command line that starts a broker; or why there is none. */
export type Distribution = { classpath: string } | { missing: string };

/** Finds the jars of a version, and downloads them the first time unless `fetches` is false. */
export function findDistribution(version: string = KAFKA_VERSION, fetches = true): Distribution {
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  if (java.error !== undefined || java.status !== 0) return { missing: "no Java is installed" };
  const folder = join(tmpdir(), `diaspora-kafka-${version}`);
  if (!existsSync(folder)) {
    const failure = fetches
      ? download(version, folder)
      : `Kafka ${version} is not installed; "npm run kafka -- --version ${version}" fetches it`;
    if (failure !== undefined) return { missing: failure };
  }
  return { classpath: join(folder, "*") };
}

/** Downloads into a temporary folder and renames it, so that other processes only find a complete one. */
function download(version: string, folder: string): string | undefined {
  const maven = spawnSync("mvn", ["-version"], { encoding: "utf8" });
  if (maven.error !== undefined || maven.status !== 0) return "Maven, which fetches Kafka, is not installed";
  const work = mkdtempSync(join(tmpdir(), "diaspora-kafka-download-"));
  try {
    const jars = join(work, "jars");
    writeFileSync(join(work, "pom.xml"), pomOf(version));
    const copied = spawnSync(
      "mvn",
      ["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${jars}`],
      { cwd: work, encoding: "utf8", timeout: DOWNLOAD_MS_MAX },
    );
    if (copied.status !== 0 || readdirSync(jars).length === 0) {
      return `Maven could not fetch Kafka ${version}`;
    }
    try {
      renameSync(jars, folder);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(folder)) throw error;
    }
    return undefined;
  } catch (error) {
    return `Kafka ${version} could not be fetched: ${(error as Error).message}`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
