import type { Redis, Result } from "ioredis";

/**
 * Takes from buckets, all as one step for all replicas. Tokens are counted in whole millionths, by the clock of Redis.
 *
 * A key holds `<millionths> <microseconds of that count>`, and ends when the bucket is full again: a missing key is a
 * full bucket. A refill rate in tokens per second is the same number in millionths per microsecond.
 *
 * Arguments: capacity and refill per second, of all; then for each key its cost, tokens that the caller would like to lease,
 * and tokens it owes. A lease is taken out of the bucket like a cost, but only from what is there; what is owed was
 * admitted while Redis was away, and is taken before anything is decided.
 * Answers, four for each key: 1 or 0 for allowed, milliseconds until it holds one token again, tokens leased, whole tokens
 * left behind. Where a key holds something else, or Redis does not take the write, the first of the four is what it says.
 */
const TAKE_TOKENS = `
local one = 1000000
local capacity = tonumber(ARGV[1]) * one
local refill = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function keep(key, tokens)
  local full_ms = math.ceil((capacity - tokens) / refill / 1000)
  redis.call('SET', key, string.format('%.0f %.0f', tokens, now), 'PX', math.max(full_ms, 1))
end

local function take(key, cost, wanted, owed)
  local tokens = capacity
  local kept = redis.call('GET', key)
  if kept then
    local count, at = string.match(kept, '^(-?%d+) (%d+)$')
    if not count then error({err = 'ERR the key of a bucket holds something else'}) end
    local passed = math.max(0, now - tonumber(at))
    tokens = math.min(capacity, tonumber(count) + math.floor(passed * refill))
    if tonumber(at) > now then keep(key, tokens) end -- The clock was set back: count from now on.
  end

  tokens = tokens - owed * one
  if owed > 0 then keep(key, tokens) end

  if tokens < one then return {0, math.ceil((one - tokens) / refill / 1000), 0, 0} end

  tokens = tokens - cost * one
  local lease = math.max(0, math.min(wanted, math.floor(tokens / one)))
  tokens = tokens - lease * one
  keep(key, tokens)
  return {1, 0, lease, math.max(0, math.floor(tokens / one))}
end

local answers = {}
for index, key in ipairs(KEYS) do
  local cost, wanted, owed = tonumber(ARGV[3 * index]), tonumber(ARGV[3 * index + 1]), tonumber(ARGV[3 * index + 2])
  local taken, answer = pcall(take, key, cost, wanted, owed)
  if not taken then answer = {type(answer) == 'table' and answer.err or tostring(answer), 0, 0, 0} end
  for place = 1, 4 do answers[4 * (index - 1) + place] = answer[place] end
end
return answers
`;

/** One take for the script. */
export interface BucketTake {
  key: string;
  cost: number;
  /** Tokens to lease beside the cost. */
  lease: number;
  owed: number;
}

/** What the script answers to it. */
export interface BucketAnswer {
  allowed: boolean;
  retryAfterMs: number;
  leased: number;
  /** Whole tokens that stay in the bucket. */
  left: number;
}

declare module "ioredis" {
  interface RedisCommander<Context> {
    takeTokens(keys: number, ...keysAndArguments: (string | number)[]): Result<(number | string)[], Context>;
  }
}

/** Teaches the connection `takeTokens`: sent as a hash, and whole where Redis does not know it (which it says before it acts). */
export function defineTakeTokens(redis: Redis): void {
  redis.defineCommand("takeTokens", { lua: TAKE_TOKENS });
}

/** The takes as one command. Gives for each what became of it: an Error where Redis refused that one. */
export async function takeTokens(
  redis: Redis,
  { capacity, refillPerSecond }: { capacity: number; refillPerSecond: number },
  takes: readonly BucketTake[],
): Promise<(BucketAnswer | Error)[]> {
  const keys = takes.map(({ key }) => key);
  const each = takes.flatMap(({ cost, lease, owed }) => [cost, lease, owed]);
  const told = await redis.takeTokens(takes.length, ...keys, capacity, refillPerSecond, ...each);
  return takes.map((_, index) => {
    const [allowed, retryAfterMs, leased, left] = told.slice(4 * index, 4 * index + 4);
    if (typeof allowed === "string") return new Error(allowed);
    return { allowed: allowed === 1, retryAfterMs: Number(retryAfterMs), leased: Number(leased), left: Number(left) };
  });
}
