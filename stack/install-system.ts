import { existsSync, rmSync, writeFileSync } from "node:fs";
import { findProgram } from "./installed.ts";
import { runCommand } from "./run-command.ts";

/** The programs that come from the system, and the Debian package of each. Packages without services where there are such. */
const PACKAGE_OF: Record<string, string> = {
  java: "openjdk-17-jre-headless",
  mvn: "maven",
  python3: "python3",
  mariadbd: "mariadb-server-core",
  "mariadb-install-db": "mariadb-server-core",
  my_print_defaults: "mariadb-client-core", // mariadb-install-db asks it for its settings.
  "redis-server": "redis-server",
  setpriv: "util-linux",
};

/**
 * Shells whose completions are tested, and what evaluates the alert rules: nobody else needs them, so they are installed where
 * no test may be skipped.
 */
const OF_TESTS: Record<string, string> = process.env.CI ? { fish: "fish", zsh: "zsh", promtool: "prometheus" } : {};

const MS_MAX = 15 * 60_000;

/** Whether every system program is there already; then nothing has to be root and nothing has to be Debian. */
export async function systemIsComplete(): Promise<boolean> {
  return (await missingPackages()).length === 0;
}

/**
 * Installs what is missing of the system's packages, without letting any of them start its service.
 *
 * @throws Error that says what to install by hand, where this is no Debian or nobody with the right to do it.
 */
export async function installSystem(): Promise<void> {
  const packages = await missingPackages();
  if (findProgram("apt-get") === undefined) {
    throw new Error(`this is no Debian; install by hand what these packages hold there: ${packages.join(", ")}`);
  }
  if (process.getuid?.() !== 0) {
    throw new Error(`not root; install by hand: apt-get install --no-install-recommends ${packages.join(" ")}`);
  }
  await withoutServiceStarts(async () => {
    await apt("update", "-q");
    await apt("install", "-q", "-y", "--no-install-recommends", ...packages);
  });
}

async function apt(...args: string[]): Promise<void> {
  // Somebody else's apt may be at work, e.g. the machine's own updates.
  await runCommand(["apt-get", "-o", "DPkg::Lock::Timeout=300", ...args], MS_MAX, {
    DEBIAN_FRONTEND: "noninteractive",
  });
}

async function missingPackages(): Promise<string[]> {
  const wanted = { ...PACKAGE_OF, ...OF_TESTS };
  const missing = Object.keys(wanted).filter((program) => findProgram(program) === undefined);
  const packages = missing.map((program) => wanted[program]!);
  if (!(await pipWorks())) packages.push("python3-pip");
  return [...new Set(packages)];
}

async function pipWorks(): Promise<boolean> {
  return runCommand(["python3", "-m", "pip", "--version"], 30_000).then(
    () => true,
    () => false,
  );
}

/** Debian asks this file before it starts a service at installation; 101 means no. Ours goes away again. */
async function withoutServiceStarts(install: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return install(); // The machine has an answer of its own; it is not ours to change.
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await install();
  } finally {
    rmSync(POLICY);
  }
}

const POLICY = "/usr/sbin/policy-rc.d";
