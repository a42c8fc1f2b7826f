import { BODIES } from "./bodies.ts";
import type { DoorRequest } from "./door.ts";
import { MISUSED_ROUTES } from "./misused-routes.ts";
import { PARAMETER_VALUES } from "./parameter-values.ts";
import { PATHS } from "./paths.ts";
import { PLACES, SIZES } from "./places-and-sizes.ts";
import { QUERIES } from "./queries.ts";

/** All requests, in this order: what is written at the end would be found by what asks before. */
export const GROUPS: readonly [name: string, requests: readonly DoorRequest[]][] = [
  ["paths, ids and headers", PATHS],
  ["queries", QUERIES],
  ["values of parameters", PARAMETER_VALUES],
  ["every route, used and misused: reads", MISUSED_ROUTES.filter(({ method }) => method !== "POST")],
  ["every route, used and misused: writes", MISUSED_ROUTES.filter(({ method }) => method === "POST")],
  ["bodies", BODIES],
  ["values beside the body", PLACES],
  ["sizes", SIZES],
];
