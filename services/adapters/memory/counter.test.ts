import { counterContract } from "../../ports/counter.contract.ts";
import { MemoryCounter } from "./counter.ts";

counterContract("memory", async () => new MemoryCounter());
