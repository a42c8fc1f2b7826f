/** What the numbers are drawn from that records and requests are made of: the same in every run. The times of calls: `--seed`. */
export const SEEDS = { records: 42, requests: 7 };
