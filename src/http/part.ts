/**
 * The contract of what takes part in an exchange beside the session: protection from forged requests,
 * messages. Each comes from a subpath of its own, so that nobody loads what is not used.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import { invalidArgument } from '../errors.ts'
import type { LazyReadOnlySession, LazySession } from '../session/lazy-session.ts'
import { originOf, type ReadOnlySession, type Session } from '../session/session.ts'
import type { Settings } from '../settings.ts'
import type { Keyring } from '../signing/keyring.ts'
import type { Exchange } from './exchange.ts'

/** What a part is made with. */
export interface PartHost {
  readonly settings: Settings
  readonly keyring: Keyring
  readonly readOnly: boolean
  readonly djangoExact: boolean
  readonly diagnostics: Diagnostics
  readonly now: () => Date
}

/** What `csrf()` and `messages()` return, for `createDjango`. */
export type PartFactory = (host: PartHost) => Part

/** A part, for all requests. */
export interface Part {
  /** Takes up a request. Look at its session later, and not yet here. */
  begin(visit: Visit): VisitPart
}

/** A request as a part sees it. */
export interface Visit {
  readonly exchange: Exchange
  /** The visitor's session: free until it is loaded or written. */
  readonly session: LazySession
  /** Whether cookies are set only where a handler asks for them. */
  readonly isSkipped: boolean
  /** Whether a login gave the session another key since somebody asked. */
  takeKeyRotation(): boolean
}

/** A part, for one request. */
export interface VisitPart {
  readonly name: 'csrf' | 'messages'
  /** Whether `commit` has something to do though no handler asked for it. */
  readonly isDue: boolean
  /** What is done before the handler runs; null where there is nothing to wait for. */
  check(): Promise<void> | null
  /** What is done before the session is saved; null where there is nothing to wait for. */
  commit(): Promise<void> | null
}

/** A session of a request, loaded or not. */
export type RequestedSession = LazySession | Session

/** The same where nothing may be written. */
export type RequestedReadOnlySession = LazyReadOnlySession | ReadOnlySession

/** What the session of a request comes from: every adapter hands that session to handlers. */
export interface PartsOrigin {
  /** The parts of the request. Somebody uses them from here on. */
  takeParts(): readonly VisitPart[]
}

/**
 * The part of the request that a session belongs to.
 *
 * @throws TypeError where `createDjango` was given no such part, or the session is of no request.
 */
export function partOf(session: object, name: VisitPart['name']): VisitPart {
  const origin = originOf(session) as Partial<PartsOrigin> | null
  const part = origin?.takeParts?.().find((one) => one.name === name)
  if (part) return part
  throw invalidArgument(
    `This session is of no request, or of one whose createDjango() was not given ${name}: ${name}().`,
  )
}
