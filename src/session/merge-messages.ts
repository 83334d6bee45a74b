/**
 * The merge of Django's messages, which a session keeps as JSON text inside of its JSON.
 * Mirrors the form of `django.contrib.messages.storage.session.SessionStorage`.
 *
 * @module
 */
import { splitElements } from '../formats/json-source.ts'
import type { DataFormat } from './codec.ts'

/**
 * What we showed is removed from what stands there, what we added is appended.
 *
 * @returns null where no message is left; undefined where one side holds no list of messages.
 */
export function mergeMessages(
  base: string | null,
  ours: string | null,
  theirs: string | null,
  format: DataFormat,
): string | null | undefined {
  const [before, mine, standing] = [base, ours, theirs].map((value) => readList(value, format))
  if (!before || !mine || !standing) return undefined
  const shown = without(before, mine)
  const added = without(mine, before)
  const merged = [...without(standing, shown), ...added]
  return merged.length === 0 ? null : format.stringify(`[${merged.join(', ')}]`)
}

/** The messages as source texts; null where the value is no text of a JSON list. */
function readList(value: string | null, format: DataFormat): string[] | null {
  if (value === null) return []
  try {
    const text = format.parse(value)
    return typeof text === 'string' && Array.isArray(format.parse(text))
      ? splitElements(text)
      : null
  } catch {
    return null
  }
}

/** The list less another, a message for a message. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = [...other]
  return list.filter((message) => {
    const at = left.indexOf(message)
    if (at !== -1) left.splice(at, 1)
    return at === -1
  })
}
