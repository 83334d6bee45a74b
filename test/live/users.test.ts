/**
 * One user table and one login, on a Django site and on a site of ours: either's login, logout,
 * password and permissions are the other's.
 *
 * @module
 */
import { loginRedirect } from 'async-django/auth'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type DjangoEngine, hasEngine, type LiveDatabase, makeDatabase } from './_databases.ts'
import { liveReleases } from './_pythons.ts'
import { ResultTable } from './_results.ts'
import { UsersProcess } from './_users-process.ts'
import { Browser, openUsersDjango, usersSite } from './_users-site.ts'

const engines: readonly DjangoEngine[] = ['sqlite3', 'postgresql', 'mysql']
const secretKey = 'live-tests-secret-0123456789abcdefghijklmnopqrstuvwxyz'
/** Fast: what real hashers do is looked at once for each release. */
const fast = 'django.contrib.auth.hashers.MD5PasswordHasher'
const table = new ResultTable('users')
afterAll(() => console.log(table.format()))

const releases = await liveReleases()
const pairs = await Promise.all(
  engines.flatMap((engine, at) =>
    releases.map(async ({ series, python }) => ({
      engine,
      series,
      python,
      // Where USE_TZ is off, dates are kept in another zone.
      zone: at === 1 ? { useTz: true, timeZone: 'UTC' } : { useTz: false, timeZone: 'Asia/Tokyo' },
      isThere: (await hasEngine(engine)) && python !== null,
    })),
  ),
)

describe.each(pairs)('Django $series, $engine', ({ engine, series, python, zone, isThere }) => {
  describe.skipIf(!isThere)('beside ours', () => {
    let database: LiveDatabase
    let real: UsersProcess
    let django: ReturnType<typeof openUsersDjango>
    let visit: ReturnType<typeof usersSite>
    let made = 0

    beforeAll(async () => {
      database = await makeDatabase(engine)
      real = startDjango([fast])
      await real.migrate()
      django = openUsersDjango(database, {
        settings: { secretKey, ...zone },
        djangoVersion: series,
        auth: { passwordHashers: [fast] },
      })
      visit = usersSite(django)
    })
    afterAll(async () => {
      await real?.stop()
      await database?.close()
    })

    function startDjango(hashers: readonly string[] | null): UsersProcess {
      return new UsersProcess(python ?? '', {
        SECRET_KEY: secretKey,
        USE_TZ: zone.useTz,
        TIME_ZONE: zone.timeZone,
        DATABASES: { default: database.django },
        PASSWORD_HASHERS: hashers,
      })
    }

    beforeEach(({ onTestFinished }) => {
      onTestFinished(({ task }) => {
        table.add(
          `Django ${series}, ${engine}`,
          task.name,
          Number(task.result?.state === 'pass'),
          1,
        )
      })
    })

    async function newUser(fields: object = { is_staff: true }): Promise<string> {
      made += 1
      const name = `user-${made}`
      await real.createUser(name, 'first', fields)
      return name
    }

    async function loggedInHere(name: string, password = 'first'): Promise<Browser> {
      const browser = new Browser(visit)
      expect(await browser.visit('/login', { username: name, password })).toEqual({
        status: 200,
        body: name,
      })
      return browser
    }

    async function loggedInThere(name: string, password = 'first'): Promise<Browser> {
      const key = await real.logIn(name, password)
      expect(key).not.toBeNull()
      return new Browser(visit, key)
    }

    test('logged in there, the user is here', async () => {
      const name = await newUser()
      const browser = await loggedInThere(name)
      expect(await browser.who()).toBe(name)
      const seen = await real.lookAt(name)
      const user = await django.users.getByNaturalKey(name)
      expect([user.pk, user.isStaff, user.isActive, user.data.username]).toEqual([
        seen.pk,
        true,
        true,
        name,
      ])
      expect(user.data.dateJoined.toISOString().slice(0, 23)).toBe(seen.date_joined.slice(0, 23))
    })

    test('logged in here, the admin is open there', async () => {
      const name = await newUser()
      const before = await real.lookAt(name)
      const browser = await loggedInHere(name)
      expect(await real.admin(browser.key)).toBe(name)
      const seen = await real.lookAt(name)
      expect(before.last_login).toBeNull()
      expect(Math.abs(Date.parse(seen.last_login ?? '') - Date.now())).toBeLessThan(600_000)
      const user = await django.users.getByNaturalKey(name)
      expect(user.data.lastLogin?.toISOString().slice(0, 23)).toBe(seen.last_login?.slice(0, 23))
    })

    test('a wrong password lets nobody in', async () => {
      const name = await newUser()
      const browser = new Browser(visit)
      for (const username of [name, 'nobody at all', '']) {
        const { body } = await browser.visit('/login', { username, password: 'wrong' })
        expect([body, browser.key]).toEqual([null, null])
      }
      expect(await real.logIn(name, 'wrong')).toBeNull()
    })

    test('logged out on either, out on both', async () => {
      const name = await newUser()
      const here = await loggedInThere(name)
      const keyHere = here.key
      await here.visit('/logout')
      expect([here.key, await real.who([keyHere])]).toEqual([null, [null]])
      const there = await loggedInHere(name)
      expect(await real.logOut(there.key ?? '')).toBeLessThan(400)
      expect(await there.who()).toBeNull()
    })

    test('a password changed here ends all other sessions', async () => {
      const name = await newUser()
      const [own, here, there] = [
        await loggedInHere(name),
        await loggedInHere(name),
        await loggedInThere(name),
      ]
      expect((await own.visit('/password', { password: 'second' })).body).toBe(name)
      expect(await real.who([own.key, here.key, there.key])).toEqual([name, null, null])
      expect([await own.who(), await here.who(), await there.who()]).toEqual([name, null, null])
      expect(await real.logIn(name, 'first')).toBeNull()
      expect(await real.logIn(name, 'second')).not.toBeNull()
    })

    test('a password changed there ends all other sessions', async () => {
      const name = await newUser()
      const [own, here, there] = [
        await loggedInThere(name),
        await loggedInHere(name),
        await loggedInThere(name),
      ]
      const changed = await real.changePassword(own.key ?? '', 'first', 'other-Pa55word')
      expect(await new Browser(visit, changed).who()).toBe(name)
      expect([await here.who(), await there.who()]).toEqual([null, null])
      expect(await real.who([changed, here.key, there.key])).toEqual([name, null, null])
      await loggedInHere(name, 'other-Pa55word')
    })

    test('a permission given there counts here at once', async () => {
      const name = await newUser()
      const browser = await loggedInHere(name)
      const may = async (perm: string): Promise<unknown> =>
        (await browser.visit('/may', { perm })).body
      expect(await may('auth.view_group')).toBe(false)
      await real.permit(name, ['auth.view_group'], { editors: ['auth.add_group'] })
      expect([await may('auth.view_group'), await may('auth.add_group')]).toEqual([true, true])
      expect((await browser.visit('/all')).body).toEqual(['auth.add_group', 'auth.view_group'])
      await real.permit(name, [])
      expect(await may('auth.view_group')).toBe(false)
      await real.changeUser(name, { is_superuser: true })
      expect((await browser.visit('/all')).body).toEqual(await real.ask('permissions', { name }))
      expect(await may('no.such_permission')).toBe(true)
    })

    test('who is no longer active is nobody, and the session stays', async () => {
      const name = await newUser()
      const browser = await loggedInThere(name)
      await real.changeUser(name, { is_active: false })
      expect(await browser.who()).toBeNull()
      expect((await browser.visit('/login', { username: name, password: 'first' })).body).toBeNull()
      await real.changeUser(name, { is_active: true })
      expect([await browser.who(), await real.who([browser.key])]).toEqual([name, [name]])
    })

    test('a user made here is one there', async () => {
      made += 1
      const name = `user-${made}`
      const user = await django.users.createSuperuser({
        username: name,
        password: 'first',
        email: 'Ada@EXAMPLE.com',
        firstName: 'Zoë 漢字',
      })
      const there = await loggedInThere(name)
      expect(await real.admin(there.key)).toBe(name)
      const seen = await real.lookAt(name)
      expect([seen.pk, seen.email, seen.first_name]).toEqual([
        user.pk,
        'Ada@example.com',
        'Zoë 漢字',
      ])
      expect(Math.abs(Date.parse(seen.date_joined) - Date.now())).toBeLessThan(600_000)
      const again = { username: name, password: 'x' }
      await expect(django.users.create(again)).rejects.toMatchObject({ code: 'ERR_USER_EXISTS' })
    })

    test('a link that resets a password is good on both', async () => {
      const name = await newUser({ is_staff: true, email: 'ada@example.com' })
      await loggedInHere(name)
      const user = await django.users.getByNaturalKey(name)
      const token = django.users.makeToken(user)
      expect(await real.ask('check_token', { name, token })).toBe(true)
      const theirs = await real.ask<string>('make_token', { name })
      expect(django.users.checkToken(user, theirs)).toBe(true)
      await user.setPassword('second')
      await user.save()
      expect(django.users.checkToken(user, theirs)).toBe(false)
      expect(await real.ask('check_token', { name, token })).toBe(false)
    })

    test('who must log in is sent to the same address', async () => {
      const logins = [
        '/accounts/login/',
        '/in?a=b c&next=x#top',
        'https://id.example/in',
        '/in?x=é',
      ]
      const paths = [
        '/',
        '/cart?page=2&q=a%20b',
        '//evil.example/x',
        '/%C3%A9/(a)!*~',
        '/a?next=/b',
      ]
      for (const login of [...logins, 'http://shop.example/in', '//shop.example/in']) {
        for (const path of paths) {
          const asked = {
            path,
            host: 'shop.example',
            secure: false,
            login_url: login,
            field: 'next',
          }
          const theirs = await real.ask<string>('login_redirect', asked)
          const url = `http://shop.example${path}`
          expect([path, loginRedirect(url, { loginUrl: login })]).toEqual([path, theirs])
        }
      }
    })

    test('an old password is upgraded here, and there nothing is left to do', async () => {
      const name = await newUser()
      const today = startDjango(null)
      const ours = usersSite(
        openUsersDjango(database, { settings: { secretKey, ...zone }, djangoVersion: series }),
      )
      try {
        const old = { name, password: 'first', hasher: 'PBKDF2PasswordHasher', iterations: 1000 }
        const before = await today.ask<string>('hash_with', old)
        const browser = new Browser(ours)
        await browser.visit('/login', { username: name, password: 'first' })
        const { password: after } = await today.lookAt(name)
        expect(after).not.toBe(before)
        expect(await browser.who()).toBe(name)
        expect(await today.admin(browser.key)).toBe(name)
        expect(await today.logIn(name, 'first')).not.toBeNull()
        expect((await today.lookAt(name)).password).toBe(after)
      } finally {
        await today.stop()
      }
    })
  })
})
