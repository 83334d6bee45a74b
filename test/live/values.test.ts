/**
 * Real Django and this package, over one table: what one writes, the other reads, to the last digit.
 *
 * @module
 */
import { expect } from 'vitest'

import type { Beside } from './_beside.ts'
import { type Check, readThere, testBeside } from './_matrix.ts'
import { orderCases, type ValueCase, valueCases } from './_values.ts'

await testBeside('values', (check) => {
  for (const valueCase of valueCases) testValue(check, valueCase)
  for (const python of orderCases) testOrder(check, python)
  testCompression(check)
})

function testValue(check: Check, { name, python, js, fromJs = python }: ValueCase): void {
  check('Django writes, we read', name, async ({ django, real }) => {
    const session = await django.sessions.get(await real.create(python)).load()
    expect(session.data).toStrictEqual(js)
  })

  check('we write, Django reads', name, async (sides) => {
    const session = await sides.django.sessions.get(null).load()
    session.update(js)
    await session.save({ force: true })
    await expectThere(sides, session.key, fromJs)
  })

  check('theirs beside our change', name, async (sides) => {
    const key = await sides.real.create(python)
    const session = await sides.django.sessions.get(key).load()
    session.set('ours', [1.5])
    await session.save()
    await expectThere(sides, key, withMember(python, '"ours": [1.5]'))
    await session.change((data) => delete data['ours'])
    await expectThere(sides, key, python)
  })

  check('ours beside their change', name, async ({ django, real }) => {
    const session = await django.sessions.get(null).load()
    session.update(js)
    await session.save({ force: true })
    await real.change(session.key ?? '', { values: '{"theirs": 1}' })
    await session.reload()
    expect(session.data).toStrictEqual({ ...js, theirs: 1 })
  })
}

function testOrder(check: Check, python: string): void {
  check('theirs beside our change', `order of ${python}`, async (sides) => {
    const key = await sides.real.create(python)
    await sides.django.sessions.get(key).change((data) => {
      data['ours'] = true
    })
    await expectThere(sides, key, withMember(python, '"ours": true'))
  })
}

function testCompression(check: Check): void {
  check('both compress alike', 'what is long, and only that', async ({ django, real }) => {
    for (const text of ['long '.repeat(500), 'qZ8vK2pX']) {
      const session = await django.sessions.get(null).load()
      session.set('text', text)
      await session.save()
      const keys = [session.key, await real.create(JSON.stringify({ text }))]
      const rows = (await real.rows()).filter(([key]) => keys.includes(key))
      const isCompressed = rows.map(([, payload]) => payload.startsWith('.'))
      expect(isCompressed).toStrictEqual([text.length > 100, text.length > 100])
    }
  })
}

/** Django reads this data, out of the very text that it would write itself. */
async function expectThere(sides: Beside, key: string | null, data: string): Promise<void> {
  expect(await readThere(sides, key)).toMatchObject({ data, isDjangoText: true })
}

function withMember(python: string, member: string): string {
  return python === '{}' ? `{${member}}` : `${python.slice(0, -1)}, ${member}}`
}
