/** The entry of a thread that reads in embedded mode: a read thread that lets storing and acknowledgements go first. */
import "../adapters/sqlite/reads/read-thread.ts";
import { lowerThreadPriority } from "../runtime/thread-priority.ts";
import { THREAD_NICENESS } from "./thread-niceness.ts";

lowerThreadPriority(THREAD_NICENESS.reading);
