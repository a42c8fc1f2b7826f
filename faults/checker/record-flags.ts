/** What is known of a record before any store is looked at: bits, of which more than one may hold. */
export const SENT = 1;
/** Some send of it was acknowledged without naming it as rejected. */
export const ACKED = 2;
/** Some acknowledgement named it as rejected. */
export const REJECTED = 4;
/** The contract has the server reject it. */
export const INVALID = 8;
/** A declared rule keeps it out of the stores. */
export const DROPPED = 16;
/** It was sent without a time. */
export const TIMELESS = 32;
