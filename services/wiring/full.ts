import type { Config } from "../config.ts";
import type { Logger } from "../ports/logger.ts";
import type { ProcessParts } from "./process-parts.ts";
export function fullParts(_config: Config, _logger: Logger): ProcessParts {
  throw new Error("soon");
}
