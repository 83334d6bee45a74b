/**
 * What was verified lately, so that a payload that comes again is not verified again: text to text,
 * as data would be shared by two requests.
 *
 * @module
 */

/** What each of the two generations holds at most, in characters: some 10,000 usual sessions. */
const generationSize = 8 * 1024 * 1024

/** What an entry takes besides its characters. */
const entrySize = 128

/** One that is larger pushes too many others out. */
const mostPerEntry = generationSize / 16

/**
 * The same function, which answers what it answered lately without being run. What it throws is not
 * kept: it is run, and throws, again. Of what is kept, what nobody asks for any more goes first.
 */
export function remembered(decode: (payload: string) => string): (payload: string) => string {
  let young = new Map<string, string>()
  let old: ReadonlyMap<string, string> = new Map()
  let size = 0
  const keep = (payload: string, text: string): void => {
    const needed = payload.length + text.length + entrySize
    if (needed > mostPerEntry) return
    if (size + needed > generationSize) {
      old = young
      young = new Map()
      size = 0
    }
    size += needed
    young.set(payload, text)
  }
  return (payload) => {
    const known = young.get(payload)
    if (known !== undefined) return known
    const text = old.get(payload) ?? decode(payload)
    keep(payload, text)
    return text
  }
}
