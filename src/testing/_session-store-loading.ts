/**
 * The session store suite: what `load`, `exists`, `newest` and `serverTime` promise.
 *
 * @module
 */
import { check, rejects, same, sameMoment } from './_assert.ts'
import { type Case, type Kit, lookalikes, oddKeys, sleep } from './_session-store-kit.ts'

const methods = ['load', 'exists', 'create', 'update', 'touch', 'delete', 'clearExpired'] as const
const capabilities = ['compareAndSwap', 'revoke', 'touch', 'clear', 'columns'] as const

/** Cases about reading. */
export const loading: readonly Case[] = [
  {
    name: 'has a name, a codec, every method, and says what it can',
    async run({ store }) {
      check(/^\w+$/.test(store.name), 'name is the name of a function')
      check(typeof store.codec.encode === 'function', 'codec is a codec')
      for (const method of methods) check(typeof store[method] === 'function', `has ${method}()`)
      for (const name of capabilities) {
        check(typeof store.can[name] === 'boolean', `can.${name} is true or false`)
      }
    },
  },
  {
    name: 'answers an unknown key with null, and makes no session of it',
    needs: 'revoke',
    async run(kit) {
      const key = kit.key()
      await kit.isGone(key)
      await kit.isGone(key)
      same(await kit.store.create(key, kit.next()).then(Boolean), true, 'the key is free')
    },
  },
  {
    name: 'answers what was stored, byte for byte',
    async run(kit) {
      for (const text of texts) {
        const next = kit.next({ text })
        if (text.length > (kit.opened.longest ?? 1_000_000)) {
          await rejects(kit.store.create(kit.key(), next), 'create() of what is too long')
          continue
        }
        const { key, stored } = await kit.create(next)
        same(stored.payload, next.payload, 'what create() answers')
        await kit.holds(key, next)
      }
    },
  },
  {
    name: 'answers a payload that is no session as it stands',
    needs: 'revoke',
    async run(kit) {
      for (const text of ['{bad', '', 'null', '{"a":1}{"a":1}', '\u007f']) {
        const next = { ...kit.next(), payload: payloadOf(kit, text) }
        const { key } = await kit.create(next)
        await kit.holds(key, next)
      }
    },
  },
  {
    name: 'keeps an expired session to itself',
    needs: 'revoke',
    async run(kit) {
      const { key } = await kit.create(kit.next({}, -1))
      same(await kit.store.load(key), null, 'load() of an expired session')
    },
  },
  {
    name: 'ends a session once the date is reached, by the clock of the process',
    needs: 'clear',
    async run(kit) {
      const { key } = await kit.create(kit.next({}, 60))
      kit.now += 59_999
      await kit.load(key)
      kit.now += 1
      same(await kit.store.load(key), null, 'load() at the very date')
    },
  },
  {
    name: 'ends a short session in real time',
    needs: 'revoke',
    async run(kit) {
      const { key } = await kit.create(kit.next({}, 0.05))
      for (let waited = 0; waited < 200; waited++) {
        await sleep(50)
        kit.now = Date.now()
        if ((await kit.store.load(key)) === null) return
      }
      check(false, 'a session of 50 ms has ended after 10 s')
    },
  },
  {
    name: 'counts expired sessions as existing, as Django does',
    needs: 'clear',
    async run(kit) {
      const live = await kit.create()
      const expired = await kit.create(kit.next({}, -60))
      same(await kit.store.exists(live.key), true, 'exists() of a live session')
      same(await kit.store.exists(expired.key), true, 'exists() of an expired session')
    },
  },
  {
    name: 'takes no key for one that looks like it',
    needs: 'revoke',
    async run(kit) {
      const next = kit.next({ whose: 'mine' })
      const { key } = await kit.create(next)
      for (const other of lookalikes(key)) await kit.isUnknown(other)
      await kit.holds(key, next)
    },
  },
  {
    name: 'takes any text for a key, and none of it for a session',
    needs: 'revoke',
    async run(kit) {
      const next = kit.next({ whose: 'mine' })
      const { key } = await kit.create(next)
      for (const odd of oddKeys) await kit.isUnknown(odd)
      await kit.holds(key, next)
    },
  },
  {
    name: 'answers many keys at once as it answers each, if it does',
    async run(kit) {
      const { store } = kit
      if (!store.loadMany) return
      const made = await Promise.all(
        Array.from({ length: 21 }, (_, n) => kit.create(kit.next({ n }))),
      )
      const expired = await kit.create(kit.next({}, -60))
      const keys = made.map(({ key }) => key)
      const others = [expired.key, kit.key(), ...keys.slice(0, 2).flatMap(lookalikes), ...oddKeys]
      for (const count of [1, 2, 3, 5, 21]) {
        const asked = [...others, ...keys.slice(0, count)]
        const found = await store.loadMany(asked)
        same([...found.keys()].toSorted(), keys.slice(0, count).toSorted(), 'keys of loadMany()')
        for (const key of keys.slice(0, count)) {
          const alone = await kit.load(key)
          same(found.get(key)?.payload, alone.payload, 'a payload of loadMany()')
          same(found.get(key)?.expireDate, alone.expireDate, 'a date of loadMany()')
        }
      }
      same([...(await store.loadMany(others)).keys()], [], 'loadMany() of none that there is')
    },
  },
  {
    name: 'hands out nothing that is still its own',
    async run(kit) {
      const date = kit.date(3600)
      const { key, stored } = await kit.create({ payload: kit.payload({ a: 1 }), expireDate: date })
      const expected = kit.date(3600)
      const handedOut = [date, stored.expireDate, (await kit.load(key)).expireDate]
      for (const taken of handedOut) {
        taken?.setTime(0)
        sameMoment((await kit.load(key)).expireDate, expected, 'the date after a stranger set it')
      }
    },
  },
  {
    name: 'names the live sessions that expire last, if it names any',
    async run(kit) {
      if (!kit.store.newest) return
      same(await kit.store.newest(5), [], 'newest() of an empty store')
      const keys: string[] = []
      for (const days of [3, 1, -1, 4, 2]) {
        keys[days] = (await kit.create(kit.next({ days }, days * 86_400))).key
      }
      const newest = await kit.store.newest(3)
      same(
        newest.map(({ key }) => key),
        [keys[4], keys[3], keys[2]],
        'keys of newest()',
      )
      same(kit.data(newest[0]?.stored.payload), { days: 4 }, 'payload of newest()')
    },
  },
  {
    name: 'tells the time of its engine, if it tells any',
    async run(kit) {
      if (!kit.store.serverTime) return
      const time = (await kit.store.serverTime()).getTime()
      check(Math.abs(time - Date.now()) < 86_400_000, 'serverTime() is a time of today, in UTC')
    },
  },
]

/** A text that is no session. What codecs refuse to make may stand in a store all the same. */
function payloadOf({ store }: Kit, text: string): unknown {
  try {
    return store.codec.encode(text)
  } catch {
    return text
  }
}

const texts: readonly string[] = [
  '',
  'plain',
  'quotes \' " ` and \\ backslashes \\\\ \\n',
  '%s %d %% _ ? :name $1 {0} ${x}',
  'lines\r\nand\ttabs',
  'é ü ß ñ 漢字 العربية 😀',
  'x'.repeat(300_000),
]
