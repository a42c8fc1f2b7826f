import { readFileSync, writeFileSync } from "node:fs";

/** Where in a delivery a worker process ends itself with SIGKILL. */
export type KillPoint = "after-fetch" | "after-store" | "after-commit";

/** What a worker process is to do; without a point it lives on. */
export interface KillPlan {
  point?: KillPoint;
  /** Which of its deliveries, counted from 1. */
  delivery: number;
}

/** The variable that names the plan's file to a worker process. */
export const KILL_PLAN_VARIABLE = "FAULTS_KILL_PLAN";

export function writeKillPlan(file: string, plan: KillPlan): void {
  writeFileSync(file, JSON.stringify(plan));
}

export function readKillPlan(file: string): KillPlan {
  return JSON.parse(readFileSync(file, "utf8")) as KillPlan;
}
