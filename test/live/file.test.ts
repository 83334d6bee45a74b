/**
 * Real Django and this package, over one folder of files.
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { fileStore } from 'async-django/stores/file'
import { expect } from 'vitest'

import { type EngineCheck, type EnginePlace, testEngine, testValues } from './_engine-sides.ts'

interface Folder extends EnginePlace {
  readonly folder: string
}

const sessionCookieAge = 1_209_600

await testEngine('file', openFolder, (check) => {
  testValues(check)
  testFiles(check)
  testEnds(check)
})

async function openFolder(): Promise<Folder> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-live-files-'))
  return {
    folder,
    settings: {
      SESSION_ENGINE: 'django.contrib.sessions.backends.file',
      SESSION_FILE_PATH: folder,
    },
    store: fileStore({ sessionFilePath: folder }),
    close: () => rm(folder, { recursive: true }),
  }
}

function testFiles(check: EngineCheck<Folder>): void {
  check('files', 'are alike: name, mode, form', async ({ django, real, place }) => {
    const ours = await django.sessions.get(null).load()
    ours.set('a', 1)
    await ours.save()
    const theirs = await real.create('{"a": 1}')
    const [our, their] = await Promise.all(
      [ours.key ?? '', theirs].map(async (key) => {
        const file = join(place.folder, `sessionid${key}`)
        const { mode, mtimeMs } = await stat(file)
        const [data] = (await readFile(file, 'latin1')).split(':')
        return { key: key.length, mode, data, isNow: Math.abs(Date.now() - mtimeMs) < 60_000 }
      }),
    )
    expect(our).toStrictEqual(their)
  })

  check('files', 'that only they, or only we, changed', async ({ django, real }) => {
    const key = await real.create('{"a": 1.0}')
    const session = await django.sessions.get(key).load()
    await real.change(key, { values: '{"b": 2.0}' })
    session.set('c', 3)
    await session.save()
    expect(await real.readData(key)).toMatchObject({ data: '{"a": 1.0, "b": 2.0, "c": 3}' })
  })
}

function testEnds(check: EngineCheck<Folder>): void {
  check('ends', 'Django cycles, we read under the new key alone', async ({ django, real }) => {
    const old = await real.create('{"a": 1.0}')
    const key = await real.cycleKey(old)
    expect((await django.sessions.get(old).load()).key).toBeNull()
    expect((await django.sessions.get(key).load()).data).toStrictEqual({ a: 1 })
  })

  check('ends', 'we cycle, Django reads under the new key alone', async ({ django, real }) => {
    const old = await real.create('{"a": 1.0}')
    const session = await django.sessions.get(old).load()
    await session.cycleKey()
    expect(await real.readData(old)).toBeNull()
    expect(await real.readData(session.key ?? '')).toMatchObject({ data: '{"a": 1.0}' })
  })

  check('ends', 'Django flushes, a slower save here is refused', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    const session = await django.sessions.get(key).load()
    await real.flush(key)
    session.set('b', 2)
    await expect(session.save()).rejects.toMatchObject({ code: 'ERR_SESSION_INTERRUPTED' })
    expect(await real.readData(key)).toBeNull()
  })

  check('ends', 'we flush, Django sees nothing', async ({ django, real }) => {
    const key = await real.create('{"a": 1}')
    await django.sessions.get(key).flush()
    expect(await real.readData(key)).toBeNull()
  })

  check('ends', 'both clear the same files, and nothing else', async ({ django, real, place }) => {
    for (const clear of [() => real.clearSessions(), () => django.sessions.clearExpired()]) {
      for (const name of await readdir(place.folder)) await rm(join(place.folder, name))
      const live = await fill(django, real)
      const lock = join(place.folder, `.sessionid${'a'.repeat(32)}.lock`)
      await writeFile(lock, 'held')
      await clear()
      const left = (await readdir(place.folder)).filter((name) => !name.startsWith('.'))
      expect(left.toSorted()).toStrictEqual(live.map((key) => `sessionid${key}`).toSorted())
      expect(await readFile(lock, 'utf8')).toBe('held')
    }

    /** Answers the keys of those that are to stay. */
    async function fill(ours: typeof django, theirs: typeof real): Promise<string[]> {
      const live: string[] = []
      for (const age of [-60, sessionCookieAge - 60, sessionCookieAge + 60]) {
        for (const expiry of ['{}', '{"_session_expiry": 300}', '{"_session_expiry": 0}']) {
          const key = await theirs.create(expiry)
          const at = Date.now() / 1000 - age
          await utimes(join(place.folder, `sessionid${key}`), at, at)
          if (age < sessionCookieAge || expiry.includes('300')) live.push(key)
        }
      }
      for (const seconds of [-60, 60]) {
        const session = await ours.sessions.get(null).load()
        session.setExpiry(new Date(Date.now() + seconds * 1000))
        await session.save()
        if (seconds > 0) live.push(session.key ?? '')
        const theirsToo = await theirs.create('{}', ['timedelta', { seconds }])
        if (seconds > 0) live.push(theirsToo)
      }
      return live
    }
  })
}
