/**
 * Checks of the engine that keeps sessions in files. For Node, unlike the other checks.
 *
 * @module
 */
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { fileStore } from 'async-django/stores/file'

import { canonicalize } from '../../../src/formats/json-source.ts'
import { djangoOf, type Site } from '../django.ts'
import { bytes, type Check, releasesOf, same, text, textOrNull, type Vector } from '../vector.ts'

/** Checkers by kind. */
export const fileSessionChecks: Readonly<Record<string, Check>> = {
  'session.file': inFolder(checkFile),
  'session.file.load': inFolder(checkLoad),
}

function inFolder(check: (vector: Vector, folder: string) => Promise<void>): Check {
  return async (vector) => {
    const folder = await mkdtemp(join(tmpdir(), 'async-django-vectors-'))
    try {
      await check(vector, folder)
    } finally {
      await rm(folder, { recursive: true })
    }
  }
}

function open(vector: Vector, folder: string, release?: string): Site {
  const make = fileStore({ sessionFilePath: folder })
  return djangoOf(vector, release, (_store, _codecs, context) => make(context))
}

/** Django's file as we read it, and ours beside it. */
async function checkFile(vector: Vector, folder: string): Promise<void> {
  const { input, output } = vector
  const { store, now } = open(vector, folder)
  const name = text(output, 'file_name')
  const key = text(input, 'session_key')
  const expected = store.codec.decode(text(output, 'content'))
  await writeFile(join(folder, name), text(output, 'content'))
  await utimes(join(folder, name), now, now)
  const loaded = await store.load(key)
  same('what is read', store.codec.decode(loaded?.payload ?? ''), expected)
  await store.delete(key)
  const payload = store.codec.encode(canonicalize(text(input, 'data_json')))
  await store.create(key, { payload, expireDate: new Date(now.getTime() + 1_209_600_000) })
  same('files', await readdir(folder), [name])
  const content = await readFile(join(folder, name), 'latin1')
  same('what is written', store.codec.decode(content), canonicalize(expected))
  const { mode } = await stat(join(folder, name))
  same('mode', `0o${(mode & 0o7777).toString(8)}`, output['mode'])
}

async function checkLoad(vector: Vector, folder: string): Promise<void> {
  for (const release of releasesOf(vector)) {
    for (const name of await readdir(folder)) await rm(join(folder, name))
    await checkRelease(vector, folder, release)
  }
}

async function checkRelease(vector: Vector, folder: string, release: string): Promise<void> {
  const { input, output } = vector
  const { django, store, now } = open(vector, folder, release)
  const key = text(input, 'session_key')
  const file = join(folder, `sessionid${key}`)
  await writeFile(file, textOrNull(input, 'content') ?? bytes(input, 'content_b64'))
  const modified = now.getTime() / 1000 - Number(input['age_seconds'])
  await utimes(file, modified, modified)
  const session = await django.sessions.get(key).load()
  const files = await readdir(folder)
  const answer = {
    data: session.data,
    same_key: session.key === key,
    files: files.length,
    file_still_there: files.includes(`sessionid${key}`),
    modified: session.modified,
  }
  same('answer', answer, {
    // Django lets UnicodeDecodeError out, where this package finds nothing that it can read.
    data: store.codec.format.parse(textOrNull(output, 'loaded_json') ?? '{}'),
    same_key: output['same_key'],
    files: (output['files'] as string[]).length,
    file_still_there: output['file_still_there'],
    modified: output['modified'],
  })
}
