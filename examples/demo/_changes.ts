/**
 * Checks of what is changed at one server and read at all: counter, values, deletion, clearing.
 *
 * @module
 */
import { logIn } from './_logins.ts'
import { equal, ownData, type Visit } from './_visit.ts'

const added = { theme: 'dark', text: 'Zażółć gęślą jaźń 🐢', none: null, yes: true, half: 0.5 }
const nested = { lines: [{ sku: 'tea-01', count: 2 }, []], notes: { gift: { wrap: 'red' } } }
const hostileKey = `<i title='x' "y">&amp;`
const hostileText = '<script>alert("&")</script>'

/** Every server changes, every server reads. */
export async function checkChanges(visit: Visit): Promise<void> {
  for (const name of visit.names) await changeAt(visit, name)
  await checkParallelCounts(visit)
  for (const name of visit.names) await clearAt(visit, name)
}

async function changeAt(visit: Visit, name: string): Promise<void> {
  const start = ownData(await visit.shown(name))
  const counter = Number(start['counter'] ?? 0) + 1
  await visit.change(
    `${name}: counter + 1`,
    () => visit.press(name, '/count'),
    ({ data }) => equal(data['counter'], counter),
  )
  for (const [key, value] of Object.entries({ ...added, [hostileKey]: hostileText })) {
    await visit.press(name, '/add', { key, value: JSON.stringify(value) })
  }
  await visit.change(
    `${name}: values added`,
    () => visit.press(name, '/add', { key: 'cart', value: JSON.stringify(nested) }),
    (shown) =>
      equal(ownData(shown), {
        ...start,
        counter,
        ...added,
        [hostileKey]: hostileText,
        cart: nested,
      }),
  )
  await checkEscaping(visit, name)
  await changeInside(visit, name)
  await deleteAt(visit, name)
}

async function checkEscaping(visit: Visit, name: string): Promise<void> {
  await visit.row(`${name}: its text is escaped`, async (at) => {
    const { body } = await visit.page(at)
    const isShown = body.includes('&lt;script&gt;alert(\\&quot;&amp;\\&quot;)&lt;/script&gt;')
    const isRaw = /<script|<i title/.test(body)
    return { isGood: isShown && !isRaw, text: isRaw ? 'raw' : isShown ? 'escaped' : 'not there' }
  })
}

async function changeInside(visit: Visit, name: string): Promise<void> {
  const changed = { ...nested, notes: { gift: { wrap: name } } }
  await visit.change(
    `${name}: nested value changed`,
    () => visit.press(name, '/add', { key: 'cart', value: JSON.stringify(changed) }),
    ({ data }) => equal(data['cart'], changed),
  )
}

async function deleteAt(visit: Visit, name: string): Promise<void> {
  await visit.press(name, '/delete', { key: hostileKey })
  await visit.change(
    `${name}: keys deleted`,
    async () => {
      for (const key of [...Object.keys(added), 'cart']) await visit.press(name, '/delete', { key })
    },
    (shown) => equal(Object.keys(ownData(shown)), ['counter']),
  )
}

/** Django's own views are last-write-wins; the TypeScript servers count by `session.change()`. */
async function checkParallelCounts(visit: Visit): Promise<void> {
  const counting = visit.names.filter((name) => name !== 'Django')
  const [first = ''] = counting
  const before = Number((await visit.shown(first)).data['counter'] ?? 0)
  const each = 10
  await visit.change(
    `${counting.join(', ')}: ${counting.length * each} counts at once`,
    () =>
      Promise.all(
        counting.flatMap((name) => Array.from({ length: each }, () => visit.press(name, '/count'))),
      ),
    ({ data }) => equal(data['counter'], before + counting.length * each),
  )
}

/** Without its data, a session is nobody's. */
async function clearAt(visit: Visit, name: string): Promise<void> {
  const isAnonymous = (await visit.shown(name)).user === null
  if (isAnonymous) await logIn(visit, name)
  await visit.press(name, '/count')
  await visit.change(
    `${name}: session cleared`,
    () => visit.press(name, '/clear'),
    ({ data, user }) => equal({ data, user }, { data: {}, user: null }),
  )
}
