/**
 * What only the store of files has to keep: names, modes, links, locks, and what dead processes leave.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createDjango, type Django, type SessionStore } from 'async-django'
import { fileStore } from 'async-django/stores/file'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { PreciseDate } from '../../src/formats/datetime.ts'
import { SessionFiles } from '../../src/stores/_file-sessions.ts'
import { Child } from '../_child.ts'

const secretKey = 'a secret that only tests have, long enough for Django not to mind'
const key = 'abcdefghijklmnopqrstuvwxyz012345'

let folder: string
let django: Django
let store: SessionStore
let now: Date | null

beforeEach(async () => {
  now = null
  folder = await mkdtemp(join(tmpdir(), 'async-django-files-'))
  const opened = open()
  django = opened.django
  store = opened.store
})

afterEach(() => rm(folder, { recursive: true }))

function open(settings: object = {}): { django: Django; store: SessionStore } {
  const stores: SessionStore[] = []
  const made = createDjango({
    settings: { secretKey, ...settings },
    now: () => now ?? new Date(),
    store(context) {
      const one = fileStore({ sessionFilePath: folder })(context)
      stores.push(one)
      return one
    },
  })
  const [one] = stores
  if (!one) throw new TypeError('createDjango() makes a store.')
  return { django: made, store: one }
}

async function newSession(data: object = { a: 1 }): Promise<string> {
  const session = await django.sessions.get(null).load()
  session.update(data)
  await session.save()
  return session.key ?? ''
}

const lockOf = (sessionKey: string): string => join(folder, `.sessionid${sessionKey}.lock`)
const fileOf = (sessionKey: string): string => join(folder, `sessionid${sessionKey}`)

test('a session is one file, which its owner alone may read, whatever the umask', async () => {
  const before = process.umask(0)
  try {
    const made = await newSession()
    const session = await django.sessions.get(made).load()
    session.set('b', 2)
    await session.save()
    expect(await readdir(folder)).toEqual([`sessionid${made}`])
    expect((await lstat(fileOf(made))).mode & 0o7777).toBe(0o600)
  } finally {
    process.umask(before)
  }
})

test('sessions of another cookie name are those of others', async () => {
  const made = await newSession()
  const other = open({ sessionCookieName: 'sid' })
  expect((await other.django.sessions.get(made).load()).key).toBeNull()
  await utimes(fileOf(made), 0, 0)
  expect(await other.django.sessions.clearExpired()).toBe(0)
  expect(await readdir(folder)).toEqual([`sessionid${made}`])
})

test.each(['../outside0', '..', 'a/../../outside', 'ABCDEFGHIJ', 'abcdefgh\0', 'x'.repeat(129)])(
  'the key %j is that of no file',
  async (odd) => {
    await mkdir(join(folder, 'sessionid..'))
    await writeFile(join(folder, 'outside0'), 'payload')
    const inside = open()
    expect(await inside.store.load(odd)).toBeNull()
    expect(await inside.store.exists(odd)).toBe(false)
    expect(await inside.store.delete(odd)).toBe('missing')
    await expect(
      inside.store.create(odd, { payload: 'x', expireDate: new Date() }),
    ).rejects.toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect((await readdir(folder)).toSorted()).toEqual(['outside0', 'sessionid..'])
  },
)

test.each(['a/b', '..\\b', 'a\0b'])('a cookie called %j is refused', (sessionCookieName) => {
  expect(() => open({ sessionCookieName })).toThrow(/sessionCookieName/)
})

test('a folder that is not there is refused', async () => {
  const missing = (sessionFilePath: string): unknown =>
    createDjango({ settings: { secretKey }, store: fileStore({ sessionFilePath }) })
  expect(() => missing(join(folder, 'none'))).toThrow(/sessionFilePath.*SESSION_FILE_PATH/)
  await writeFile(join(folder, 'file'), '')
  expect(() => missing(join(folder, 'file'))).toThrow(/sessionFilePath/)
})

test('without a folder, sessions are where Python has temporary files', async () => {
  const python = execFileSync('python3', ['-c', 'import tempfile; print(tempfile.gettempdir())'], {
    env: { ...process.env, TMPDIR: '', TEMP: folder, TMP: '/' },
  })
  expect(python.toString().trim()).toBe(folder)
  const before = { ...process.env }
  try {
    Object.assign(process.env, { TMPDIR: '', TEMP: folder, TMP: '/' })
    const site = createDjango({ settings: { secretKey }, store: fileStore() })
    await site.sessions.get(null).create()
    expect(await readdir(folder)).toHaveLength(1)
  } finally {
    process.env = before
  }
})

test('a link is no session, and what it leads to is left alone', async () => {
  const made = await newSession()
  const secret = join(folder, 'elsewhere')
  await writeFile(secret, await readFile(fileOf(made)))
  await symlink(secret, fileOf(key))
  const stored = await store.load(made)
  if (!stored) throw new TypeError('There is no session.')
  const next = { payload: 'ours', expireDate: new Date(Date.now() + 60_000) }
  expect(await store.load(key)).toBeNull()
  expect(await store.exists(key)).toBe(false)
  expect(await store.create(key, next)).toBeNull()
  expect(await store.update(key, next, stored)).toEqual({ outcome: 'missing' })
  expect(await store.touch(key, next.expireDate)).toBe(false)
  expect(await store.delete(key)).toBe('missing')
  expect(await readFile(secret, 'utf8')).toBe(stored.payload)
  expect((await lstat(fileOf(key))).isSymbolicLink()).toBe(true)
})

test('a pipe or a folder under the name of a session holds nobody up', async () => {
  execFileSync('mkfifo', [fileOf(key)])
  await mkdir(fileOf('folder0000'))
  for (const odd of [key, 'folder0000']) {
    expect(await store.load(odd)).toBeNull()
    expect(await store.exists(odd)).toBe(false)
  }
  expect(await django.sessions.clearExpired()).toBe(0)
})

test('a process that died with a lock does not keep it', async () => {
  const made = await newSession()
  const child = new Child(new URL('file-lock-process.ts', import.meta.url), lockOf(made))
  await child.receive()
  expect(await readdir(folder)).toContain(`.sessionid${made}.lock`)
  const exit = child.end().catch(() => {})
  child.kill()
  await exit
  await django.sessions.get(made).change((data) => {
    data['b'] = 2
  })
  expect(await readdir(folder)).toEqual([`sessionid${made}`])
})

test('a lock of a process that runs is waited for until the time is over', async () => {
  const made = await newSession()
  const child = new Child(new URL('file-lock-process.ts', import.meta.url), lockOf(made))
  await child.receive()
  try {
    const impatient = createDjango({
      settings: { secretKey },
      store: fileStore({ sessionFilePath: folder }),
      storeTimeoutMs: 200,
    })
    const session = await impatient.sessions.get(made).load()
    session.set('late', true)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_STORE_TIMEOUT' })
    child.send({ release: true })
    await child.end()
    const later = await django.sessions.get(made).load()
    expect(later.data).toEqual({ a: 1 })
  } finally {
    child.kill()
  }
})

test.each([
  ['of another machine', 'elsewhere/pid:[1] 1 1 abc'],
  ['of an earlier process with our number', null],
  ['of which nothing was written', ''],
])('an old lock %s is nobody’s', async (_which, owner) => {
  const made = await newSession()
  const lock = lockOf(made)
  await writeFile(lock, owner ?? `host ${process.pid} 0 abc`)
  const old = Date.now() / 1000 - 11
  await utimes(lock, old, old)
  await django.sessions.get(made).change((data) => {
    data['b'] = 2
  })
  expect(await readdir(folder)).toEqual([`sessionid${made}`])
})

test('one clears at a time, and a dead one holds nobody up', async () => {
  for (let count = 0; count < 4; count++) {
    const made = await newSession()
    await utimes(fileOf(made), 0, 0)
  }
  for await (const first of store.clearExpired({ batchSize: 1 })) {
    expect(first).toEqual({ deleted: 1, done: false })
    expect(await django.sessions.clearExpired()).toBe(0)
    break
  }
  await writeFile(join(folder, '.sessionid-clear-expired.lock'), `host ${process.pid} 0 abc`)
  await utimes(join(folder, '.sessionid-clear-expired.lock'), 0, 0)
  expect(await django.sessions.clearExpired()).toBe(3)
  expect(await readdir(folder)).toEqual([])
})

test('what was not finished goes with expired sessions, and what may be finished stays', async () => {
  const made = await newSession()
  const names = [`sessionid${key}_out_aaaaaaaa`, `.sessionid${key}.lock`, 'sessionidX', 'other']
  for (const name of names) await writeFile(join(folder, name), 'x')
  await utimes(lockOf(key), 0, 0)
  expect(await django.sessions.clearExpired()).toBe(0)
  const left = [`sessionid${key}_out_aaaaaaaa`, `sessionid${made}`, 'sessionidX', 'other']
  expect((await readdir(folder)).toSorted()).toEqual(left.toSorted())
  now = new Date(Date.now() + 2 * 3_600_000)
  expect(await django.sessions.clearExpired()).toBe(0)
  expect((await readdir(folder)).toSorted()).toEqual(left.slice(1).toSorted())
})

test('numbers of seconds are no end on the server, and dates are, as in Django', async () => {
  const expiries: ReadonlyArray<readonly [expiry: number | string | null, isThere: boolean]> = [
    [300, true],
    [0, false],
    [null, false],
    [-5, false],
    ['2001-01-01T00:00:00+00:00', false],
    ['2999-01-01T00:00:00+00:00', true],
    ['no date', true],
  ]
  for (const [expiry, isThere] of expiries) {
    const made = await newSession({ a: 1 })
    const payload = django.sessions.encode({ a: 1, _session_expiry: expiry })
    await writeFile(fileOf(made), payload)
    await utimes(fileOf(made), 0, 0)
    expect([expiry, (await store.load(made)) !== null]).toEqual([expiry, isThere])
    expect([expiry, await django.sessions.clearExpired()]).toEqual([expiry, isThere ? 0 : 1])
    await rm(fileOf(made), { force: true })
  }
})

test('a save that cannot be written leaves what stands there, and nothing beside it', async () => {
  const made = await newSession()
  const before = await readFile(fileOf(made), 'utf8')
  const stored = await store.load(made)
  if (!stored) throw new TypeError('There is no session.')
  const next = { payload: 'x', expireDate: new Date(Number.NaN) }
  await expect(store.update(made, next, stored)).rejects.toBeInstanceOf(Error)
  await expect(store.create(key, next)).rejects.toBeInstanceOf(Error)
  expect(await readdir(folder)).toEqual([`sessionid${made}`])
  expect(await readFile(fileOf(made), 'utf8')).toBe(before)
})

test('who lost the lock before the write looks again', async () => {
  const files = new SessionFiles({ folder, prefix: 'sessionid' }, () => new Date())
  const file = { payload: 'first', modified: new PreciseDate(Date.now()) }
  await files.create(key, file)
  const seen: (string | undefined)[] = []
  await files.replace(key, { ...file, payload: 'second' }, (current) => {
    seen.push(current?.payload)
    if (seen.length === 1) {
      writeFileSync(lockOf(key), 'another')
      utimesSync(lockOf(key), 0, 0)
      writeFileSync(fileOf(key), 'theirs')
    }
    return { isWanted: true }
  })
  expect(seen).toEqual(['first', 'theirs'])
  expect(await readdir(folder)).toEqual([`sessionid${key}`])
})
