/**
 * What the server does by itself, so that nobody comes between a look and a write.
 *
 * @module
 */
import type { RedisScript } from './_redis-run.ts'
import { platform } from '#platform'

function script(text: string): RedisScript {
  return { text, sha: platform.encodeHex(platform.hash('sha1', platform.encodeUtf8(text))) }
}

/**
 * Key; what was read, what is to be written, for how many milliseconds. Answers 1, or what stands
 * there instead, or nothing where there is nothing.
 */
export const compareAndSet: RedisScript = script(`local current = redis.call('GET', KEYS[1])
if current ~= ARGV[1] then return current end
if ARGV[3] == '0' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`)

/** Key; what was read. Answers 1, 0 where something else stands there, -1 where nothing does. */
export const compareAndDelete: RedisScript = script(`local current = redis.call('GET', KEYS[1])
if not current then return -1 end
if current ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)
