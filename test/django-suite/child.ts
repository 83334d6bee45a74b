/**
 * The process that stands in Django's place: reads a call a line, has this package carry it out, and
 * writes what came of it. Holds sessions by their handles, and else nothing.
 *
 * @module
 */
import { createInterface } from 'node:readline'

import {
  createDjango,
  type Django,
  type DjangoVersion,
  type LazySession,
  type SessionExchange,
  type SessionStoreFactory,
} from 'async-django'
import { csrf } from 'async-django/csrf'
import { messages } from 'async-django/messages'
import { memoryStore } from 'async-django/stores/memory'
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
import { engines, type EngineSettings } from './engines.ts'
import { PythonExchange, type ToldRequest } from './python-exchange.ts'
import { type RequestArguments, type RequestCall, requestCalls } from './request-calls.ts'
import { camelCased, readValue, writeValue } from './wire.ts'

/** A call. */
interface Request {
  readonly call: string
  /** The session that it is about, or the request of Django's. */
  readonly handle: number | null
  /** Null where no session is stored. */
  readonly engine: unknown
  /** A request of Django's, in a call on one. */
  readonly request: unknown
  readonly given: unknown
  readonly settings: unknown
  readonly version: DjangoVersion
  readonly now: unknown
}

interface Held {
  readonly session: LazySession
  readonly django: Django
}

/** A request of Django's, between its beginning and its response. */
interface Visit {
  readonly exchange: PythonExchange
  readonly state: SessionExchange<Record<string, unknown>>
}

const held = new Map<number, Held>()
const visits = new Map<number, Visit>()
const djangos = new Map<string, Django>()
const clock = { now: new Date() }
/** What is to be logged: events, since the last answer. */
const events: unknown[] = []

/** Django's settings may change at any time: there is one `django` for each set of them. */
function djangoOf({ engine, settings, version }: Request): Django {
  const name = JSON.stringify([engine, settings, version])
  const django = djangos.get(name) ?? makeDjango(readValue(engine), settings, version)
  djangos.set(name, django)
  return django
}

function makeDjango(engine: unknown, settings: unknown, version: DjangoVersion): Django {
  const django = createDjango({
    settings: camelCased(readValue(settings) as object),
    store: engine === null ? memoryStore() : openStore(engine as EngineSettings),
    csrf: csrf({ exempt: (exchange) => (exchange as PythonExchange).isExempt }),
    messages: messages(),
    djangoVersion: version,
    djangoExact: true,
    now: () => clock.now,
  })
  django.on('session.corrupt', ({ reason }) => events.push(['session.corrupt', reason]))
  django.on('messages.dropped', () => events.push(['messages.dropped']))
  return django
}

function openStore(settings: EngineSettings): SessionStoreFactory {
  const open = engines[settings.name]
  if (open) return open(settings)
  throw new TypeError(`There is no store for the engine ${settings.name}.`)
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

/** The request under a handle; a new one where there is none. */
function findVisit(request: Request, told: ToldRequest): Visit {
  const { handle } = request
  const found = visits.get(handle ?? 0)
  if (found) return found
  const exchange = new PythonExchange(told)
  const visit = { exchange, state: djangoOf(request).begin(exchange) }
  visits.set(handle ?? 0, visit)
  return visit
}

async function callRequest(call: RequestCall, request: Request): Promise<unknown> {
  const told = readValue(request.request) as ToldRequest
  const { exchange, state } = findVisit(request, told)
  exchange.update(told)
  if (told.session) await updateSession(state.session, told.session)
  return call(state, readValue(request.given) as RequestArguments)
}

/** Gives a session what Django's has, so that what is written afterwards can be told. */
async function updateSession(
  lazySession: LazySession,
  told: Readonly<Record<string, unknown>>,
): Promise<void> {
  const session = await lazySession.load()
  for (const [key, value] of Object.entries(told)) {
    if (value === null) session.delete(key)
    else session.set(key, value)
  }
  session.accessed = false
  session.modified = false
}

function carryOut(request: Request): unknown {
  clock.now = readValue(request.now) as Date
  const onRequest = requestCalls[request.call]
  if (onRequest && request.request !== null) return callRequest(onRequest, request)
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
    return { result, ...about(request) }
  } catch (error) {
    return { error: describe(error), ...about(request) }
  }
}

/** What the caller has to know beside the result. */
function about({ handle, request }: Request): object {
  const session = held.get(handle ?? 0)?.session
  const visit = visits.get(handle ?? 0)
  const state = request === null ? session && stateOf(session) : visit && responseOf(visit)
  return { state: state ?? null, events: events.splice(0) }
}

/** What the response gets: its cookies, its session where that was written, and what is due yet. */
function responseOf({ exchange, state }: Visit): object {
  const { data, modified } = peek(state.session)
  return {
    isDue: state.isDue,
    cookies: exchange.takeCookies(),
    vary: exchange.getHeader('vary'),
    session: modified ? writeValue(data) : null,
  }
}

function stateOf(session: LazySession): object {
  const { data, ...rest } = peek(session)
  return { ...rest, hasData: data !== null }
}

function describe(error: unknown): object {
  if (!(error instanceof Error)) return { code: null, reason: null, message: String(error) }
  const [code = null, reason = null] = ['code', 'reason'].map(
    (name): unknown => Reflect.get(error, name) as unknown,
  )
  return { code, reason, message: error.message }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`)
}
process.exit()
