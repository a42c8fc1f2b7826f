import type { Redis, Result } from "ioredis";

/**
 * One take from a bucket, as one step for all replicas. Tokens are counted in whole millionths, by the clock of Redis.
 *
 * The key holds `<millionths> <microseconds of that count>`, and ends when the bucket is full again: a missing key is a
 * full bucket. A refill rate in tokens per second is the same number in millionths per microsecond.
 *
 * Arguments: capacity, refill per second, cost, tokens that the caller would like to lease, tokens it owes. A lease is taken
 * out of the bucket like a cost, but only from what is there; what is owed was admitted while Redis was away, and is taken
 * before anything is decided.
 * Answers: 1 or 0 for allowed, milliseconds until it holds one token again, tokens leased, whole tokens left behind.
 */
const TAKE_TOKENS = `
local one = 1000000
local capacity = tonumber(ARGV[1]) * one
local refill = tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local function keep(tokens)
  local full_ms = math.ceil((capacity - tokens) / refill / 1000)
  redis.call('SET', KEYS[1], string.format('%.0f %.0f', tokens, now), 'PX', math.max(full_ms, 1))
end

local owed = tonumber(ARGV[5]) * one
local tokens = capacity
local kept = redis.call('GET', KEYS[1])
if kept then
  local count, at = string.match(kept, '^(-?%d+) (%d+)$')
  local passed = math.max(0, now - tonumber(at))
  tokens = math.min(capacity, tonumber(count) + math.floor(passed * refill))
  if tonumber(at) > now then keep(tokens) end -- The clock was set back: count from now on.
end

tokens = tokens - owed
if owed > 0 then keep(tokens) end

if tokens < one then return {0, math.ceil((one - tokens) / refill / 1000), 0, 0} end

tokens = tokens - tonumber(ARGV[3]) * one
local lease = math.max(0, math.min(tonumber(ARGV[4]), math.floor(tokens / one)))
tokens = tokens - lease * one
keep(tokens)
return {1, 0, lease, math.max(0, math.floor(tokens / one))}
`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    takeTokens(
      key: string,
      capacity: number,
      refillPerSecond: number,
      cost: number,
      lease: number,
      owed: number,
    ): Result<[allowed: number, retryAfterMs: number, leased: number, left: number], Context>;
  }
}

/** Teaches the connection `takeTokens`: sent as a hash, and whole where Redis does not know it (which it says before it acts). */
export function defineTakeTokens(redis: Redis): void {
  redis.defineCommand("takeTokens", { numberOfKeys: 1, lua: TAKE_TOKENS });
}
