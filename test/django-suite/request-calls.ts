/**
 * What Django's tests do with requests, and what of this package answers: one entry a call, of at
 * most three statements, as in `calls.ts`.
 *
 * @module
 */
import type { SessionExchange } from 'async-django'
import { getCsrfToken, rotateCsrfToken } from 'async-django/csrf'
import {
  addMessage,
  getLevel,
  getMessages,
  type MessageOptions,
  setLevel,
} from 'async-django/messages'

/** The arguments of calls on requests. */
export interface RequestArguments {
  readonly level: number
  readonly message: string
  readonly options: MessageOptions
}

/** A call on a request, which is between its beginning and its response. */
export type RequestCall = (
  exchange: SessionExchange<Record<string, unknown>>,
  given: RequestArguments,
) => unknown

/** `django.middleware.csrf` and `django.contrib.messages`. */
export const requestCalls: Readonly<Record<string, RequestCall>> = {
  begin: () => null,
  check: (exchange) => exchange.autoload(),
  commit: (exchange) => exchange.commit(),

  get_csrf_token: ({ session }) => getCsrfToken(session),
  rotate_csrf_token: ({ session }) => rotateCsrfToken(session),

  add_message: ({ session }, { level, message, options }) =>
    addMessage(session, level, message, options),
  are_messages_used: async ({ session }) => (await getMessages(session)).used,
  count_messages: async ({ session }) => (await getMessages(session)).length,
  get_messages: async ({ session }) => Array.from(await getMessages(session)),
  get_message_level: ({ session }) => getLevel(session),
  set_message_level: ({ session }, { level }) => setLevel(session, level),
}
