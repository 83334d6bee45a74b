/**
 * Messages for a visitor's next page, whichever side shows it. Mirrors `django.contrib.messages`;
 * where Django takes the request, here it is the request's session.
 *
 * ```ts
 * const django = createDjango({ …, messages: messages() })
 * // in one handler
 * success(session, 'Your order is on its way.')
 * // in the next
 * for (const { tags, message } of await getMessages(session)) show(tags, message)
 * ```
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import { CookieBox, messageSigner } from './messages-cookie.ts'
import { FallbackBox } from './messages-fallback.ts'
import { type Message, messageLevels } from './messages-format.ts'
import { SessionBox } from './messages-session.ts'
import { type MessageBox, type Messages, MessageStorage } from './messages-storage.ts'
import {
  type PartFactory,
  type PartHost,
  partOf,
  type RequestedSession,
  type Visit,
} from './part.ts'

export { type Message, messageLevels, type Messages, type RequestedSession }

/** What a message has beside its text. */
export interface MessageOptions {
  /** Tags beside that of the level. Default an empty text; null for none, as in Django. */
  readonly extraTags?: string | null
  /** Whether the text is HTML that a page may show as it is: Django's `mark_safe`. Default false. */
  readonly safe?: boolean
}

/**
 * Has requests keep messages, where `messageStorage` says: as Django does, in a cookie, and in the
 * session what has no room there.
 *
 * @returns For `createDjango`, which throws ImproperlyConfiguredError for a storage that is not known,
 *   and with `readOnly`: messages that are shown are removed.
 */
export function messages(): PartFactory {
  return (host) => {
    const { settings, diagnostics, readOnly } = host
    if (readOnly) {
      throw new ImproperlyConfiguredError(
        'messages',
        'cannot be had with readOnly: messages that are shown are removed.',
      )
    }
    const makeBox = boxMaker(host)
    const rules = {
      diagnostics,
      level: settings.messageLevel,
      levelTags: { ...defaultTags, ...settings.messageTags },
    }
    return { begin: (visit) => new MessageStorage(rules, makeBox(visit)) }
  }
}

const defaultTags: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(messageLevels).map(([tag, level]) => [level, tag]),
)

function boxMaker(host: PartHost): (visit: Visit) => MessageBox {
  const signer = messageSigner(host)
  const makers: Readonly<Record<string, (visit: Visit) => MessageBox>> = {
    CookieStorage: (visit) => new CookieBox(host, visit, signer),
    SessionStorage: (visit) => new SessionBox(visit),
    FallbackStorage: (visit) =>
      new FallbackBox([new CookieBox(host, visit, signer), new SessionBox(visit)]),
  }
  const [, name = ''] = storagePath.exec(host.settings.messageStorage) ?? []
  const maker = Object.hasOwn(makers, name) ? makers[name] : undefined
  if (maker) return maker
  throw new ImproperlyConfiguredError(
    'messageStorage',
    "must be the Python path of one of Django's storages.",
  )
}

const storagePath = /^django\.contrib\.messages\.storage\.(?:cookie|session|fallback)\.(\w+)$/

/**
 * Keeps a message for the visitor, unless it is empty or below the level. Mirrors
 * `django.contrib.messages.add_message`.
 *
 * @param session - Of the request, loaded or not.
 * @param level - One of `messageLevels`, or any whole number.
 */
export function addMessage(
  session: RequestedSession,
  level: number,
  message: string,
  { extraTags = '', safe = false }: MessageOptions = {},
): void {
  storageOf(session).add({ level: Math.trunc(level), message, extraTags, safe })
}

/** `addMessage` with the level `debug`, which is not kept by default. */
export function debug(session: RequestedSession, message: string, options?: MessageOptions): void {
  addMessage(session, messageLevels.debug, message, options)
}

/** `addMessage` with the level `info`. */
export function info(session: RequestedSession, message: string, options?: MessageOptions): void {
  addMessage(session, messageLevels.info, message, options)
}

/** `addMessage` with the level `success`. */
export function success(
  session: RequestedSession,
  message: string,
  options?: MessageOptions,
): void {
  addMessage(session, messageLevels.success, message, options)
}

/** `addMessage` with the level `warning`. */
export function warning(
  session: RequestedSession,
  message: string,
  options?: MessageOptions,
): void {
  addMessage(session, messageLevels.warning, message, options)
}

/** `addMessage` with the level `error`. */
export function error(session: RequestedSession, message: string, options?: MessageOptions): void {
  addMessage(session, messageLevels.error, message, options)
}

/**
 * The messages that are to be shown, those of this request included. Going through them removes
 * them. Mirrors `django.contrib.messages.get_messages`.
 *
 * @throws StoreError where they are in a session that cannot be read.
 */
export async function getMessages(session: RequestedSession): Promise<Messages> {
  const storage = storageOf(session)
  await storage.load()
  return storage
}

/** The level below which messages of this request are not kept. */
export function getLevel(session: RequestedSession): number {
  return storageOf(session).level
}

/** Sets that level; null returns to `messageLevel` of the settings. */
export function setLevel(session: RequestedSession, level: number | null): void {
  const storage = storageOf(session)
  storage.level = level ?? storage.defaultLevel
}

function storageOf(session: RequestedSession): MessageStorage {
  return partOf(session, 'messages') as MessageStorage
}
