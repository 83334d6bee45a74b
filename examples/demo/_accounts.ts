/**
 * Checks of users who register, change their password and are given permissions.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'

import type { Page } from './_browser.ts'
import { logIn } from './_logins.ts'
import { equal, type Visit } from './_visit.ts'

const [password, newPassword] = ['correct horse', 'battery staple']

/** What is done at one server counts at all. */
export async function checkAccounts(visit: Visit): Promise<void> {
  const made = new Map<string, Member>()
  await visit.row('who registers here logs in there', async (name) => {
    const { username, here, there } = await register(visit.another(), name)
    made.set(name, { username, here, there })
    return equal(
      [(await here.shown(name)).user, (await there.shown(name)).user],
      [username, username],
    )
  })
  await checkRefusals(visit)
  await visit.row('a password changed here: out elsewhere', async (name) => {
    const { here, there, username } = member(made, name)
    await here.fillIn(name, '/password', {
      old_password: password,
      new_password1: newPassword,
      new_password2: newPassword,
    })
    return equal(
      [await usersAt(here), await usersAt(there)],
      [visit.names.map(() => username), visit.names.map(() => null)],
    )
  })
  await visit.row('the new password is good there', async (name) => {
    const { there, username } = member(made, name)
    await logIn(there, visit.counterpart(name), { username, password: newPassword })
    return equal((await there.shown(name)).user, username)
  })
  if (visit.hasDjango) await checkPermission(member(made, 'Django'))
}

/** A user, logged in with two browsers: where they registered, and on the other side. */
interface Member {
  readonly username: string
  readonly here: Visit
  readonly there: Visit
}

async function register(here: Visit, name: string): Promise<Member> {
  // A database may have users of earlier runs.
  const username = `${name.toLowerCase()}-${randomBytes(4).toString('hex')}`
  await here.fillIn(name, '/register', { username, password1: password, password2: password })
  const there = here.another()
  await logIn(there, here.counterpart(name), { username, password })
  return { username, here, there }
}

function member(made: ReadonlyMap<string, Member>, name: string): Member {
  const registered = made.get(name)
  if (registered === undefined) throw new Error(`nobody registered at ${name}`)
  return registered
}

/** Who a visitor is, at each server. */
async function usersAt(visit: Visit): Promise<Array<string | null>> {
  const shown = await Promise.all(visit.names.map((name) => visit.shown(name)))
  return shown.map(({ user }) => user)
}

/** By Django's validators, which every server has. */
async function checkRefusals(visit: Visit): Promise<void> {
  let expected: string[] | null = null
  await visit.row('a bad password is told about', async (name) => {
    const { browser } = visit.another()
    const form = await browser.open(visit.url(name, '/register'))
    const fields = { username: 'ada', password1: '12345', password2: '12345' }
    const { body } = await browser.submit(form, '', fields)
    const problems = [...body.matchAll(/role="alert">([^<]*)/g)].map(([, text = '']) => text)
    return equal(problems, (expected ??= problems))
  })
}

const permission = 'auth.view_user'

/** Given in Django's admin, it counts on the next request, though nobody logs in anew. */
async function checkPermission({ username, here }: Member): Promise<void> {
  await here.change(
    'a permission is given in Django’s admin',
    () => givePermission(here.another(), username),
    ({ permissions }) => equal(permissions, [permission]),
  )
  await here.row('“me” tells who, and what is permitted', async (name) => {
    const { body } = await here.browser.open(here.url(name, '/me'))
    const told = [...body.matchAll(/<(?:dd|li)>([^<]*)/g)].map(([, text = '']) => text)
    return equal(told, [username, 'no', 'no', permission])
  })
}

async function givePermission(visit: Visit, username: string): Promise<void> {
  const { browser } = visit
  await logIn(visit, 'Django')
  const list = await browser.open(visit.url('Django', `/admin/auth/user/?q=${username}`))
  const path = found(list, /href="([^"?]*\/auth\/user\/\d+\/change\/)/)
  const form = await browser.open(new URL(path, list.url).href)
  const { status } = await browser.submit(form, '', {
    username,
    is_active: 'on',
    date_joined_0: '2026-01-01',
    date_joined_1: '00:00:00',
    user_permissions: found(form, /<option value="(\d+)"[^>]*>[^<]*Can view user</),
  })
  if (status !== 302) throw new Error(`Django’s admin answered with ${status}`)
}

function found({ url, body }: Page, pattern: RegExp): string {
  const text = pattern.exec(body)?.[1]
  if (text === undefined) throw new Error(`${url} has nothing like ${pattern.source}`)
  return text
}
