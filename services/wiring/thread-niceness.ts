/**
 * Which thread of the embedded mode gets a CPU first where all want one, in steps of niceness below the main thread's
 * (five are about a third of the share): acknowledgements are waited for by services, records are promised to be
 * searchable a second later, and a search takes what is left.
 */
export const THREAD_NICENESS = { storing: 5, reading: 10 };
