/**
 * Messages, and the JSON that cookies and sessions keep of them. Mirrors
 * `django.contrib.messages.storage.base.Message`, `MessageEncoder` and `MessageDecoder`.
 *
 * @module
 */
import { stringifyPythonJson } from '../formats/python-json.ts'

/** Levels by their names. Mirrors `django.contrib.messages.constants`. */
export const messageLevels = {
  debug: 10,
  info: 20,
  success: 25,
  warning: 30,
  error: 40,
} as const

/** What is kept of a message. */
export interface StoredMessage {
  readonly level: number
  readonly message: string
  /** Null where there are none, which is something else than an empty text. */
  readonly extraTags: string | null
  /** Whether the text is HTML that a page may show as it is. */
  readonly safe: boolean
}

/** A message for the visitor. */
export interface Message extends StoredMessage {
  /** The tag of the level, such as `success`. */
  readonly levelTag: string
  /** All tags, for a `class` of HTML. */
  readonly tags: string
}

/** Adds the tags. @param names - By level. */
export function tagged(message: StoredMessage, names: Readonly<Record<number, string>>): Message {
  const levelTag = names[message.level] ?? ''
  const tags = [message.extraTags, levelTag].filter(Boolean).join(' ')
  return { ...message, levelTag, tags }
}

const mark = '__json_message'

/** A message as a JSON array, with the separator that a storage writes. */
export function formatMessage(
  { level, message, extraTags, safe }: StoredMessage,
  separator: ',' | ', ',
): string {
  const parts = [mark, safe ? 1 : 0, level, message, ...(extraTags === null ? [] : [extraTags])]
  return `[${parts.map((part) => stringifyPythonJson(part)).join(separator)}]`
}

/** A message in decoded JSON; null where there is none. */
export function readMessage(value: unknown): StoredMessage | null {
  if (!Array.isArray(value)) return null
  const [key, safe, level, message, extraTags] = value as readonly unknown[]
  if (key !== mark || typeof level !== 'number' || typeof message !== 'string') return null
  return {
    level,
    message,
    extraTags: typeof extraTags === 'string' ? extraTags : null,
    safe: Boolean(safe),
  }
}
