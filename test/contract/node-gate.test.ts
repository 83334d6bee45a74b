import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

import { createDjango, type SessionStoreFactory } from 'async-django'
import { djangoExpress } from 'async-django/express'
import { memoryStore } from 'async-django/stores/memory'
import compression from 'compression'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { headerValues, RawClient, type RawResponse, requestText } from '../fixtures/raw-http.ts'
import { cases, type GateCase } from './node-gate-cases.ts'

/**
 * When the session is changed: never; before `compression` is reached, so that the gate is below
 * it; or in the route, so that the gate is above it.
 */
type Moment = 'never' | 'early' | 'late'

/** What happened in a server. */
class Journal {
  /** What handlers noticed. */
  readonly events: string[] = []
  /** Saves and first bytes, as they came. */
  readonly order: Array<'save' | 'first byte'> = []
  #underWay: Array<Promise<unknown>> = []

  wait(promise: Promise<unknown>): void {
    this.#underWay.push(promise)
  }

  /** Waits for all handlers, responses and saves, and for those who hear of their end. */
  async settle(): Promise<void> {
    const underWay = this.#underWay
    this.#underWay = []
    await Promise.all(underWay)
    await sleep(1)
  }
}

interface CaseServer {
  readonly server: Server
  readonly journal: Journal
}

function makeServer(moment: Moment): CaseServer {
  const journal = new Journal()
  const app = express().set('env', 'test')
  app.use((_, response, next) => {
    journal.wait(new Promise<void>((resolve) => response.once('close', resolve)))
    next()
  })
  if (moment !== 'never') app.use(sessions(journal))
  if (moment === 'early') app.use(changeSession)
  for (const [name, { isCompressed, handle }] of Object.entries(cases)) {
    if (isCompressed) app.use(pathOf(name), compression({ threshold: 100 }))
    if (moment === 'late') app.use(pathOf(name), changeSession)
    app.use(pathOf(name), (request, response, next) => {
      const handling = handle(request, response, (event) => journal.events.push(event), next)
      journal.wait(Promise.resolve(handling).catch(() => {}))
      return handling
    })
  }
  app.use(hideStack)
  return { server: createServer(app), journal }
}

function sessions(journal: Journal): RequestHandler {
  const settings = { secretKey: 'secret' }
  return djangoExpress(createDjango({ settings, store: slowStore(journal) }))
}

const changeSession: RequestHandler = ({ session }, _, next) => {
  session.set('visited', true)
  next()
}

/** Express shows it, and it tells of the middleware that was passed. */
const hideStack: ErrorRequestHandler = (error: Error, _, __, next) => {
  error.stack = error.message
  next(error)
}

/** Takes long enough to save for a handler to go on. */
function slowStore(journal: Journal): SessionStoreFactory {
  return (context) => {
    const store = memoryStore()(context)
    return {
      ...store,
      create(...args) {
        const creating = sleep(20).then(() => {
          journal.order.push('save')
          return store.create(...args)
        })
        journal.wait(creating)
        return creating
      },
    }
  }
}

function pathOf(name: string): string {
  return `/${Object.keys(cases).indexOf(name)}`
}

interface Run {
  readonly responses: readonly RawResponse[]
  readonly events: readonly string[]
  readonly order: readonly string[]
  readonly isClosed: boolean
}

async function run({ server, journal }: CaseServer, name: string, one: GateCase): Promise<Run> {
  const { text = requestText, count = 1, isCut = false } = one
  const request = text(pathOf(name))
  const { port } = server.address() as AddressInfo
  const client = await RawClient.open(port, request.startsWith('HEAD'))
  client.socket.once('data', () => journal.order.push('first byte'))
  client.send(request)
  const responses = await client.read(count)
  const isLast = responses.some((response) => headerValues(response, 'connection')[0] === 'close')
  if (isCut || isLast) await client.closed
  await journal.settle()
  const { isClosed } = client
  client.destroy()
  return { responses, events: journal.events.splice(0), order: journal.order.splice(0), isClosed }
}

/** What must not depend on there being a session. */
function comparable(response: RawResponse): object {
  const { headers, body, ...rest } = response
  const isZipped = headerValues(response, 'content-encoding').includes('gzip')
  return {
    ...rest,
    headers: headers.flatMap(withoutSession).toSorted(),
    body: (isZipped ? gunzipSync(body) : body).toString('latin1'),
  }
}

function withoutSession([name, value]: readonly [string, string]): string[] {
  if (name === 'date' || (name === 'set-cookie' && value.startsWith('sessionid='))) return []
  if (name !== 'vary') return [`${name}: ${value}`]
  const others = value.split(', ').filter((varied) => varied !== 'Cookie')
  return others.length === 0 ? [] : [`${name}: ${others.join(', ')}`]
}

/** What there is of the session in a run. */
function sessionIn({ order, responses }: Run, { isCut, isInformed }: GateCase): object {
  const finals = responses.filter(({ status }) => status >= 200)
  const isLate = finals.length === 1 && !isInformed && order[0] !== 'save'
  return {
    saves: order.filter((event) => event === 'save').length,
    cookies: isCut ? 0 : finals.flatMap((response) => sessionCookies(response)).length,
    isSentBeforeSave: isLate && order.includes('save'),
  }
}

function sessionCookies(response: RawResponse): string[] {
  return headerValues(response, 'set-cookie').filter((cookie) => cookie.startsWith('sessionid='))
}

describe.each<Moment>(['early', 'late'])('with a session that is changed %s', (moment) => {
  const plain = makeServer('never')
  const gated = makeServer(moment)

  beforeAll(async () => {
    for (const { server } of [plain, gated]) {
      await once(server.listen(0, '127.0.0.1'), 'listening')
    }
  })

  afterAll(() => {
    for (const { server } of [plain, gated]) server.close()
  })

  test.each(Object.entries(cases))('%s', async (name, one) => {
    const { isCut = false, isFailure = false, count = 1 } = one
    const without = await run(plain, name, one)
    const within = await run(gated, name, one)
    expect(within.events).toEqual(without.events)
    expect(within.isClosed).toBe(without.isClosed)
    expect(isCut ? [] : within.responses.map(comparable)).toEqual(
      isCut ? [] : without.responses.map(comparable),
    )
    expect(sessionIn(within, one)).toEqual({
      saves: isFailure ? 0 : count,
      cookies: isFailure || isCut ? 0 : count,
      isSentBeforeSave: false,
    })
  })
})
