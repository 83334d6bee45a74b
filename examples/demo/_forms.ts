/**
 * Checks of what is in all forms and on all pages: Django's CSRF tokens, and its messages.
 *
 * @module
 */
import { hiddenFields } from './_browser.ts'
import type { Seen } from './_results.ts'
import { equal, type Visit } from './_visit.ts'

/** A token that one server made is good at all, and nothing else is. */
export async function checkForms(visit: Visit): Promise<void> {
  for (const from of visit.names) {
    await visit.row(`a token of ${from}’s form`, async (name) => {
      const fields = hiddenFields((await visit.page(from)).body, '/count')
      return countWith(visit, name, { fields, origin: visit.url(name, '') }, 302)
    })
  }
  await visit.row('a form of another site is refused', async (name) => {
    const fields = hiddenFields((await visit.page(name)).body, '/count')
    return countWith(visit, name, { fields, origin: 'http://another.example' }, 403)
  })
  await visit.row('a form without a token is refused', async (name) =>
    countWith(visit, name, { fields: {}, origin: visit.url(name, '') }, 403),
  )
  await visit.row('a token of another visitor is refused', async (name) => {
    const fields = hiddenFields((await visit.another().page(name)).body, '/count')
    return countWith(visit, name, { fields, origin: visit.url(name, '') }, 403)
  })
}

/** What a form is sent with. */
interface Sent {
  readonly fields: Readonly<Record<string, string>>
  readonly origin: string
}

/** Whether a form is answered like this, and counts only if it is taken. */
async function countWith(
  visit: Visit,
  name: string,
  { fields, origin }: Sent,
  expected: 302 | 403,
): Promise<Seen> {
  const before = await counter(visit, name)
  const headers = { origin }
  const { status } = await visit.browser.send(visit.url(name, '/count'), { fields, headers })
  const counted = (await counter(visit, name)) - before
  return equal([status, counted], [expected, expected === 302 ? 1 : 0])
}

async function counter(visit: Visit, name: string): Promise<number> {
  return Number((await visit.shown(name)).data['counter'] ?? 0)
}

/** What one server has to tell, the next page tells, whichever server shows it. */
export async function checkMessages(visit: Visit): Promise<void> {
  await visit.row('a message left here is shown there', async (name) => {
    const there = visit.counterpart(name)
    await visit.press(name, '/count')
    await visit.press(name, '/clear')
    return equal([await messagesAt(visit, there), await messagesAt(visit, name)], [[cleared], []])
  })
}

const cleared = 'All data is cleared.'

async function messagesAt(visit: Visit, name: string): Promise<string[]> {
  const { body } = await visit.page(name)
  const shown = body.matchAll(/<p class="message success" role="status">([^<]*)/g)
  return [...shown].map(([, text = '']) => text)
}
