/**
 * The process that stands in Django's place: reads a call a line, has this package carry it out, and
 * writes what came of it. Holds sessions by their handles, and else nothing.
 *
 * @module
 */
import { createInterface } from 'node:readline'

import { createDjango, type Django, type DjangoVersion, type LazySession } from 'async-django'
import { peek, poke } from 'async-django/testing'

import {
  type HashingArguments,
  hashingCalls,
  type ResettingArguments,
  resettingCalls,
  type SessionArguments,
  type SessionCall,
  sessionCalls,
  type SigningArguments,
  signingCalls,
} from './calls.ts'
import { engines } from './engines.ts'
import { camelCased, readValue, writeValue } from './wire.ts'

/** A call. */
interface Request {
  readonly call: string
  /** The session that it is about. */
  readonly handle: number | null
  readonly engine: string | null
  readonly given: unknown
  readonly settings: unknown
  readonly version: DjangoVersion
  readonly now: unknown
}

interface Held {
  readonly session: LazySession
  readonly django: Django
}

const held = new Map<number, Held>()
const djangos = new Map<string, Django>()
const clock = { now: new Date() }
/** What is to be logged: events, since the last answer. */
const events: unknown[] = []

/** Django's settings may change at any time: there is one `django` for each set of them. */
function djangoOf({ engine, settings, version }: Request): Django {
  const name = JSON.stringify([engine, settings, version])
  const django = djangos.get(name) ?? makeDjango(engine ?? '', settings, version)
  djangos.set(name, django)
  return django
}

function makeDjango(engine: string, settings: unknown, version: DjangoVersion): Django {
  const open = engines[engine]
  if (!open) throw new TypeError(`There is no store for the engine ${engine}.`)
  const django = createDjango({
    settings: camelCased(readValue(settings) as object),
    store: open(),
    djangoVersion: version,
    djangoExact: true,
    now: () => clock.now,
  })
  django.on('session.corrupt', ({ reason }) => events.push(['session.corrupt', reason]))
  return django
}

/** The session under a handle, under the settings of this call; a new one where there is none. */
async function find(handle: number | null, django: Django): Promise<LazySession> {
  const found = held.get(handle ?? 0)
  if (!found) return django.sessions.get(null)
  if (found.django === django) return found.session
  return poke(django.sessions, peek(found.session))
}

async function callSession(call: SessionCall, request: Request): Promise<unknown> {
  const { handle } = request
  const django = djangoOf(request)
  const hold = (session: LazySession): void => {
    if (handle !== null) held.set(handle, { session, django })
  }
  const session = await find(handle, django)
  hold(session)
  const given = readValue(request.given) as SessionArguments
  return call({ session, sessions: django.sessions, hold }, given)
}

function carryOut(request: Request): unknown {
  clock.now = readValue(request.now) as Date
  const session = sessionCalls[request.call]
  if (session) return callSession(session, request)
  const sign = signingCalls[request.call]
  if (sign) return sign(readValue(request.given) as SigningArguments, () => clock.now)
  const hash = hashingCalls[request.call]
  if (hash) return hash(readValue(request.given) as HashingArguments, request.version)
  const reset = resettingCalls[request.call]
  if (reset) return reset(readValue(request.given) as ResettingArguments, () => clock.now)
  throw new TypeError(`There is no call ${request.call}.`)
}

async function answer(line: string): Promise<object> {
  const request = JSON.parse(line) as Request
  try {
    const result = writeValue(await carryOut(request))
    return { result, ...about(request.handle) }
  } catch (error) {
    return { error: describe(error), ...about(request.handle) }
  }
}

/** What the caller has to know beside the result. */
function about(handle: number | null): object {
  const session = held.get(handle ?? 0)?.session
  return { state: session ? stateOf(session) : null, events: events.splice(0) }
}

function stateOf(session: LazySession): object {
  const { data, ...rest } = peek(session)
  return { ...rest, hasData: data !== null }
}

function describe(error: unknown): object {
  if (!(error instanceof Error)) return { code: null, text: String(error) }
  return { code: Reflect.get(error, 'code') ?? null, text: `${error.name}: ${error.message}` }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)
}
process.exit()
