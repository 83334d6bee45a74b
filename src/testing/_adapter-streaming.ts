/**
 * The adapter suite: responses that are sent as they come.
 *
 * @module
 */
import { type AdapterHandler, type Case, type Kit, sleep } from './_adapter-kit.ts'
import { codeOf, cookiesOf, type Site } from './_adapter-site.ts'
import { check, rejects, same } from './_assert.ts'

/** Chunks of a body as text, one by one. */
class Chunks {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()

  constructor({ body }: Response) {
    check(body !== null, 'the response has a body')
    this.#reader = body.getReader()
  }

  /** Null at the end. */
  async next(): Promise<string | null> {
    const { value } = await this.#reader.read()
    return value === undefined ? null : this.#decoder.decode(value, { stream: true })
  }

  cancel(): Promise<void> {
    return this.#reader.cancel()
  }
}

/** Something that a test tells a handler when it is time for. */
class Signal {
  readonly sent: Promise<void>
  send: () => void = () => {}

  constructor() {
    this.sent = new Promise((resolve) => {
      this.send = resolve
    })
  }
}

const streamed = { 'Content-Type': 'text/event-stream' }

async function keyOf(site: Site, response: Response): Promise<string> {
  const [cookie] = cookiesOf(response.headers)
  check(cookie !== undefined, `${site.url} sets a cookie`)
  return cookie.value
}

/** Serves a body of which parts come while, and after, the session is saved. */
async function serveStream(
  kit: Kit,
  body: (visit: Parameters<AdapterHandler>[0]) => AsyncIterable<string>,
): Promise<Site> {
  return kit.serve(async (visit) => {
    visit.session.set('a', 1)
    return { headers: streamed, body: body(visit) }
  })
}

const megabyte = 'x'.repeat(1_000_000)

/** Cases about streams. */
export const streaming: readonly Case[] = [
  {
    name: 'saves before the first byte of a stream',
    async run(kit) {
      const order: string[] = []
      kit.before('create', async () => {
        await sleep(20)
        order.push('saved')
      })
      const site = await serveStream(kit, async function* () {
        yield 'a'
        yield 'b'
      })
      const response = await site.open()
      order.push('answered')
      same(await response.text(), 'ab', 'the body')
      same(order, ['saved', 'answered'], 'what came first')
      same(await kit.dataOf(await keyOf(site, response)), { a: 1 }, 'what was saved')
    },
  },
  {
    name: 'sends events one by one, while others are still to come',
    async run(kit) {
      const read = new Signal()
      const site = await serveStream(kit, async function* () {
        yield 'data: 1\n\n'
        await read.sent
        yield 'data: 2\n\n'
      })
      const response = await site.open()
      const chunks = new Chunks(response)
      same(await chunks.next(), 'data: 1\n\n', 'the first event')
      read.send()
      same(await chunks.next(), 'data: 2\n\n', 'the second event')
      same(await chunks.next(), null, 'the end')
      same(response.headers.get('content-type'), streamed['Content-Type'], 'Content-Type')
    },
  },
  {
    name: 'sends the headers of a stream of which nothing has come yet',
    async run(kit) {
      const answered = new Signal()
      const site = await serveStream(kit, async function* () {
        await answered.sent
        yield 'late'
      })
      const response = await site.open()
      answered.send()
      same(await response.text(), 'late', 'the body')
    },
  },
  {
    name: 'sends a big body whole',
    async run(kit) {
      const site = await serveStream(kit, async function* () {
        for (let at = 0; at < 20; at++) yield megabyte
      })
      same((await (await site.open()).text()).length, 20_000_000, 'characters')
    },
  },
  {
    name: 'holds a stream back that the client does not read',
    async run(kit) {
      let made = 0
      const site = await serveStream(kit, async function* () {
        for (; made < 400; made++) yield megabyte
      })
      const chunks = new Chunks(await site.open())
      await chunks.next()
      await sleep(200)
      check(made < 100, `a client that reads nothing is not sent ${made} MB`)
      await chunks.cancel()
    },
  },
  {
    name: 'cuts a stream that fails, and keeps what was saved',
    async run(kit) {
      const read = new Signal()
      let isFirst = true
      const site = await serveStream(kit, async function* () {
        yield 'a'
        if (!isFirst) return
        isFirst = false
        await read.sent
        throw new Error('the stream failed')
      })
      const response = await site.open()
      const chunks = new Chunks(response)
      same(await chunks.next(), 'a', 'the first part')
      read.send()
      await rejects(chunks.next(), 'reading on')
      same(await kit.dataOf(await keyOf(site, response)), { a: 1 }, 'what was saved')
      same((await site.ask()).body, 'a', 'the body of the next response')
    },
  },
  {
    name: 'saves a known session after the headers have left',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => ({
        body: (async function* () {
          yield 'a'
          session.set('late', true)
          await session.save()
          yield 'b'
        })(),
      }))
      const key = await kit.makeSession({ a: 1 })
      same((await site.ask('/', { key })).body, 'ab', 'the body')
      same(await kit.dataOf(key), { a: 1, late: true }, 'what was saved')
    },
  },
  {
    name: 'refuses what needs a cookie after the headers have left',
    async run(kit) {
      const failures: unknown[] = []
      const answered = new Signal()
      const site = await kit.serve(async ({ session }) => ({
        body: (async function* () {
          yield 'a'
          await answered.sent
          session.set('late', true)
          await session.save().catch((error: unknown) => failures.push(error))
          yield 'b'
        })(),
      }))
      const response = await site.open()
      answered.send()
      same(await response.text(), 'ab', 'the body')
      same(failures.map(codeOf), ['ERR_HEADERS_SENT'], 'errors that the handler sees')
      same(kit.calls, [], 'calls of the store')
    },
  },
]
