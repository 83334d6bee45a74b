/**
 * The adapter suite: what handlers do to a session is saved, before anybody hears of it.
 *
 * @module
 */
import { barrier, type Case, sleep } from './_adapter-kit.ts'
import { onlyCookie } from './_adapter-site.ts'
import { check, rejects, same } from './_assert.ts'

/** Cases about saving. */
export const saving: readonly Case[] = [
  {
    name: 'saves what a new visitor is given, and sets the cookie',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        session.set('theme', 'dark')
        return { body: 'done' }
      })
      const reply = await site.ask()
      const { name, value } = onlyCookie(reply)
      same(name, 'sessionid', 'the name of the cookie')
      same(await kit.dataOf(value), { theme: 'dark' }, 'what was saved')
      same(reply.headers.get('vary'), 'Cookie', 'Vary')
      same(reply.body, 'done', 'the body')
    },
  },
  {
    name: 'saves changes to a session that is loaded, nested ones too',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        const { data } = await session.load()
        Reflect.set(Object(data['cart']) as object, 'apples', 2)
        return {}
      })
      const key = await kit.makeSession({ cart: { pears: 1 } })
      same(onlyCookie(await site.ask('/', { key })).value, key, 'the key in the cookie')
      same(await kit.dataOf(key), { cart: { pears: 1, apples: 2 } }, 'what was saved')
    },
  },
  {
    name: 'saves before the response leaves',
    async run(kit) {
      const order: string[] = []
      // Longer than a response takes that nobody holds back, on a busy machine too.
      kit.before('create', async () => {
        await sleep(200)
        order.push('saved')
      })
      const site = await kit.serve(async ({ session }) => {
        session.set('a', 1)
        return { body: 'done' }
      })
      await site.open().then((response) => {
        order.push('answered')
        return response.text()
      })
      same(order, ['saved', 'answered'], 'what came first')
    },
  },
  {
    name: 'waits for a save that the handler did not wait for',
    async run(kit) {
      kit.before('create', () => sleep(20))
      const site = await kit.serve(async ({ session }) => {
        session.set('a', 1)
        void session.save()
        return {}
      })
      const { value } = onlyCookie(await site.ask())
      same(await kit.dataOf(value), { a: 1 }, 'what was saved')
      same(kit.calls.filter((call) => call === 'create').length, 1, 'sessions made')
    },
  },
  {
    name: 'sets the cookie of a session that the handler saved itself',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        session.set('a', 1)
        await session.save()
        return { body: session.key ?? '' }
      })
      const reply = await site.ask()
      same(onlyCookie(reply).value, reply.body, 'the key in the cookie')
      same(kit.calls, ['create'], 'calls of the store')
    },
  },
  {
    name: 'sets the cookie of the new key where the key changes',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        await session.cycleKey()
        return {}
      })
      const key = await kit.makeSession({ kept: true })
      const { value } = onlyCookie(await site.ask('/', { key }))
      check(value !== key, 'the key in the cookie is a new one')
      same(await kit.dataOf(value), { kept: true }, 'the data under the new key')
      same(await kit.exists(key), false, 'whether the old key is good for anything')
    },
  },
  {
    name: 'counts every one of many requests that come at once',
    async run(kit) {
      const site = await kit.serve(async ({ session }) => {
        const count = await session.change((data) => {
          data['visits'] = Number(data['visits'] ?? 0) + 1
          return data['visits']
        })
        return { body: String(count) }
      })
      const key = await kit.makeSession({ visits: 0 })
      const replies = await Promise.all(Array.from({ length: 12 }, () => site.ask('/', { key })))
      same(
        replies.map(({ body }) => Number(body)).toSorted((a, b) => a - b),
        Array.from({ length: 12 }, (_, at) => at + 1),
        'the numbers that were given out',
      )
      same(await kit.dataOf(key), { visits: 12 }, 'what was saved')
    },
  },
  {
    name: 'keeps what each of many requests that come at once has set',
    async run(kit) {
      const arrive = barrier(8)
      const site = await kit.serve(async ({ session }) => {
        const { data } = await session.load()
        data[`n${await arrive()}`] = true
        return {}
      })
      const key = await kit.makeSession({})
      await Promise.all(Array.from({ length: 8 }, () => site.ask('/', { key })))
      same(Object.keys((await kit.dataOf(key)) ?? {}).length, 8, 'keys that were saved')
    },
  },
  {
    name: 'saves although the client has gone',
    async run(kit) {
      const client = new AbortController()
      const site = await kit.serve(async ({ session }) => {
        await session.load()
        client.abort()
        await sleep(20)
        session.set('a', 1)
        return { body: 'done' }
      })
      const key = await kit.makeSession({})
      await rejects(site.open('/', { key, signal: client.signal }), 'a request that is aborted')
      while (!kit.calls.includes('update')) await sleep(1)
      await sleep(1)
      same(await kit.dataOf(key), { a: 1 }, 'what was saved')
    },
  },
]
