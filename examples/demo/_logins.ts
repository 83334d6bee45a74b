/**
 * Checks of logging in and out, by each server's own forms.
 *
 * @module
 */
import { equal, ownData, type Visit } from './_visit.ts'

/** The user whom every demo has. */
export const admin = { username: 'admin', password: 'admin' } as const

/** A login at each server is one at all, and so is the end of it. */
export async function checkLogins(visit: Visit): Promise<void> {
  for (const name of visit.names) await logInAt(visit.another(), name)
  await visit.row('a wrong password is refused', async (name) => {
    const another = visit.another()
    const form = await another.browser.open(another.url(name, '/log-in'))
    const { body } = await another.browser.submit(form, '', { ...admin, password: 'wrong' })
    const isTold = body.includes('role="alert"')
    return equal([isTold, (await another.shown(name)).user], [true, null])
  })
  await visit.row('“me” asks for a login, and leads on', async (name) => {
    const another = visit.another()
    const form = await another.browser.open(another.url(name, '/me'))
    const { headers } = await another.browser.submit(form, '', admin)
    return equal(headers.get('location'), '/me')
  })
}

/** Logs a visitor in. */
export async function logIn(
  visit: Visit,
  name: string,
  user: { readonly username: string; readonly password: string } = admin,
): Promise<void> {
  await visit.fillIn(name, '/log-in', { ...user })
}

async function logInAt(visit: Visit, name: string): Promise<void> {
  await visit.press(name, '/count')
  const anonymous = await visit.shown(name)
  await visit.change(
    `${name}: a login is one everywhere`,
    () => logIn(visit, name),
    ({ user, data, key }) =>
      equal(
        { user, counter: data['counter'], isNewKey: key !== anonymous.key },
        { user: admin.username, counter: 1, isNewKey: true },
      ),
  )
  if (visit.hasDjango) await checkAdmin(visit, name)
  const sessionid = (await visit.shown(name)).key ?? ''
  await visit.change(
    `${name}: a logout is one everywhere`,
    () => visit.press(name, '/log-out'),
    (shown) => equal({ user: shown.user, data: ownData(shown) }, { user: null, data: {} }),
  )
  await checkOldKey(visit.another(), name, sessionid)
}

/** Django's admin, which asks for a login of its own otherwise. */
async function checkAdmin(visit: Visit, name: string): Promise<void> {
  const { status, body } = await visit.browser.send(visit.url('Django', '/admin/'))
  const isGood = status === 200 && body.includes('Site administration')
  visit.results.add(`${name}: its login opens Django’s admin`, {
    Django: { isGood, text: String(status) },
  })
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
