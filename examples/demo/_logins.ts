/**
 * Checks of logging in and out, by Django's own forms.
 *
 * @module
 */
import type { Page } from './_browser.ts'
import { equal, ownData, type Visit } from './_visit.ts'

const password = 'admin'
const username = 'admin'

/** From every server to Django's forms and back; then every server knows who is there. */
export async function checkLogins(visit: Visit): Promise<void> {
  for (const name of visit.names) await logInFrom(visit.another(), name)
}

/** Logs a visitor in, starting at a server's page. */
export async function logIn(visit: Visit, name: string): Promise<Page> {
  const form = await visit.browser.open(link(await visit.page(name), 'log-in'))
  return visit.browser.submit(form, '', { username, password })
}

async function logInFrom(visit: Visit, name: string): Promise<void> {
  await visit.press(name, '/count')
  const anonymous = await visit.shown(name)
  await visit.change(
    `${name}: login leads back`,
    async () => {
      const answer = await logIn(visit, name)
      const target = answer.headers.get('location')
      if (target !== visit.url(name)) throw new Error(`login led to ${String(target)}`)
    },
    ({ user, data, key }) =>
      equal(
        { user, counter: data['counter'], isNewKey: key !== anonymous.key },
        { user: username, counter: 1, isNewKey: true },
      ),
  )
  const sessionid = (await visit.shown(name)).key ?? ''
  await visit.change(
    `${name}: logout leads back`,
    async () => {
      const form = await visit.browser.open(link(await visit.page(name), 'log-out'))
      const answer = await visit.browser.submit(form, '')
      const target = answer.headers.get('location')
      if (target !== visit.url(name)) throw new Error(`logout led to ${String(target)}`)
    },
    (shown) => equal({ user: shown.user, data: ownData(shown) }, { user: null, data: {} }),
  )
  await checkOldKey(visit.another(), name, sessionid)
}

/** Whoever kept the cookie of a session that was ended gets nothing by it. */
async function checkOldKey(visit: Visit, name: string, key: string): Promise<void> {
  await visit.row(`${name}: the old key is worth nothing`, async (at) => {
    const headers = { cookie: `sessionid=${key}` }
    const { body } = await visit.browser.send(visit.url(at, '/session.json'), { headers })
    const { user, data } = JSON.parse(body) as { user: unknown; data: unknown }
    return equal({ user, data }, { user: null, data: {} })
  })
}

/** Django's admin, which asks for a login of its own otherwise. */
export async function checkAdmin(visit: Visit): Promise<void> {
  const { status, body } = await visit.browser.send(visit.url('Django', '/admin/'))
  const isGood = status === 200 && body.includes('Site administration')
  visit.results.add('Django: its admin is open', { Django: { isGood, text: String(status) } })
}

/** A link of a page into Django's login and logout. */
function link({ body }: Page, path: string): string {
  const href = new RegExp(`href="([^"]*/${path}/[^"]*)"`).exec(body)?.[1]
  if (href === undefined) throw new Error(`the page has no link to ${path}`)
  return href.replaceAll('&amp;', '&')
}
