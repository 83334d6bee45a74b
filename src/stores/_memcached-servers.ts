/**
 * Which of several servers has a key. Mirrors `RendezvousHash` and `murmur3_32` of pymemcache, so that
 * Django looks on the same one.
 *
 * @module
 */

/** The server, of at least one, that a key is on. */
export function serverOf(key: string, servers: readonly string[]): string {
  let [winner = ''] = servers
  if (servers.length === 1) return winner
  let highest = -1
  for (const server of servers) {
    const score = murmur3(`${server}-${key}`)
    if (score > highest || (score === highest && server > winner)) winner = server
    highest = Math.max(highest, score)
  }
  return winner
}

/** MurmurHash3 of 32 bits with the seed 0, of the lowest byte of each code point. */
export function murmur3(text: string): number {
  const codes = Array.from(text, (character) => (character.codePointAt(0) ?? 0) & 0xff)
  const blocks = codes.length - (codes.length % 4)
  let hash = 0
  for (let at = 0; at < blocks; at += 4) {
    hash ^= mixed(wordAt(codes, at))
    hash = (Math.imul(rotated(hash, 13), 5) + 0xe6546b64) | 0
  }
  if (blocks < codes.length) hash ^= mixed(wordAt(codes, blocks))
  return finished(hash ^ codes.length)
}

/** Four bytes, the lowest first; those past the end are 0. */
function wordAt(codes: readonly number[], at: number): number {
  const byte = (offset: number): number => (codes[at + offset] ?? 0) << (8 * offset)
  return byte(0) | byte(1) | byte(2) | byte(3)
}

function mixed(word: number): number {
  return Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

function finished(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return (twice ^ (twice >>> 16)) >>> 0
}
