/**
 * How alike two texts are. Mirrors `difflib.SequenceMatcher.quick_ratio` of Python, and how
 * `UserAttributeSimilarityValidator` goes about it.
 *
 * @module
 */
import { splitWords } from '../formats/python-text.ts'

/** Whether a password is too much like a value, or like one of the words in it. */
export function isTooSimilar(password: string, value: string, maxSimilarity: number): boolean {
  const letters = Array.from(password.toLowerCase())
  const lower = value.toLowerCase()
  return [...splitWords(lower), lower].some((part) => {
    const partLetters = Array.from(part)
    if (isMuchShorter(partLetters.length, letters.length, maxSimilarity)) return false
    return quickRatio(letters, partLetters) >= maxSimilarity
  })
}

/** Mirrors `exceeds_maximum_length_ratio`: so different in length that they cannot be alike. */
function isMuchShorter(valueLength: number, passwordLength: number, similarity: number): boolean {
  return passwordLength >= 10 * valueLength && valueLength < (similarity / 2) * passwordLength
}

/** The share of the letters of both that both have, in any order: 0 to 1. */
export function quickRatio(a: readonly string[], b: readonly string[]): number {
  const length = a.length + b.length
  if (length === 0) return 1
  const available = new Map<string, number>()
  for (const letter of b) available.set(letter, (available.get(letter) ?? 0) + 1)
  let matches = 0
  for (const letter of a) {
    const left = available.get(letter) ?? 0
    available.set(letter, left - 1)
    if (left > 0) matches += 1
  }
  return (2 * matches) / length
}
