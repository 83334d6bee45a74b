/**
 * Sessions as files of a folder, named and written as Django does.
 *
 * @module
 */
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, opendir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'

import { PreciseDate } from '../formats/datetime.ts'
import { randomString } from '../formats/random-string.ts'
import type { Call } from '../session/store.ts'
import { clearStaleLock, FileLocks, type HeldLock, holdLock, type LongLock } from './_file-lock.ts'
import { codeOf, unlessMissing } from './_file-system.ts'

/** Where sessions are. */
export interface SessionFolder {
  readonly folder: string
  /** What names of files begin with: Django takes the name of the cookie. */
  readonly prefix: string
}

/** A file as it was read. */
export interface SessionFile {
  readonly payload: string
  readonly modified: PreciseDate
}

/** Within these, keys are what Django takes for one, and names are short enough for any file system. */
const keyForm = /^[a-z0-9]{1,128}$/
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789_'
/** What stands between a session's name and eight random characters, while it is being written. */
const unfinished = '_out_'
/** What was not finished by then, nobody will. */
const longestUnfinishedMs = 3_600_000
/** Neither a link nor a pipe that somebody put there is followed, or waited for. */
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Whether there can be a file for a key. */
export function isFileKey(key: string): boolean {
  return keyForm.test(key)
}

/** The files of a folder. */
export class SessionFiles {
  readonly #place: SessionFolder
  readonly #now: () => Date
  readonly #locks = new FileLocks()

  constructor(place: SessionFolder, now: () => Date) {
    this.#place = place
    this.#now = now
  }

  /** null where there is none. */
  async read(key: string): Promise<SessionFile | null> {
    const file = await open(this.#path(key), readFlags).catch(unlessSession)
    if (file === null) return null
    try {
      const { mtimeNs, ...stats } = await file.stat({ bigint: true })
      if ((Number(stats.mode) & constants.S_IFMT) !== constants.S_IFREG) return null
      return { payload: await file.readFile('utf8'), modified: momentOf(mtimeNs) }
    } finally {
      await file.close()
    }
  }

  /** When it was modified; null where there is none. */
  async modified(key: string): Promise<PreciseDate | null> {
    const stats = await lstat(this.#path(key), { bigint: true }).catch(unlessMissing)
    return stats?.isFile() ? momentOf(stats.mtimeNs) : null
  }

  /** Makes a file; answers false where there is one. As in Django, it is empty for a moment. */
  async create(key: string, { payload, modified }: SessionFile, call?: Call): Promise<boolean> {
    const written = await this.#write(key, payload, modified)
    try {
      call?.signal?.throwIfAborted()
      if (!(await makeEmpty(this.#path(key)))) return false
      await rename(written, this.#path(key))
      return true
    } finally {
      await rm(written, { force: true })
    }
  }

  /**
   * Writes over what is there, if `decide` says so of it, while no other process of ours writes.
   *
   * @returns What `decide` answered.
   */
  async replace<T extends { readonly isWanted: boolean }>(
    key: string,
    { payload, modified }: SessionFile,
    decide: (current: SessionFile | null) => T,
    call?: Call,
  ): Promise<T> {
    const written = await this.#write(key, payload, modified)
    try {
      return await this.#change(key, decide, () => rename(written, this.#path(key)), call)
    } finally {
      await rm(written, { force: true })
    }
  }

  /** Removes what is there, if `decide` says so of it. */
  remove<T extends { readonly isWanted: boolean }>(
    key: string,
    decide: (current: SessionFile | null) => T,
    call?: Call,
  ): Promise<T> {
    const path = this.#path(key)
    return this.#change(key, decide, () => unlink(path).then(() => {}, unlessMissing), call)
  }

  async #change<T extends { readonly isWanted: boolean }>(
    key: string,
    decide: (current: SessionFile | null) => T,
    change: () => Promise<unknown>,
    call?: Call,
  ): Promise<T> {
    const attempt = async (lock: HeldLock): Promise<T | null> => {
      const decision = decide(await this.read(key))
      if (!decision.isWanted) return decision
      if (!(await lock.isHeld())) return null
      call?.signal?.throwIfAborted()
      await change()
      return decision
    }
    for (;;) {
      const decision = await this.#locks.run(this.#lockPath(key), attempt, call)
      if (decision !== null) return decision
    }
  }

  /** Moves the time of modification; answers whether there is a file. */
  async touch(key: string, modified: PreciseDate): Promise<boolean> {
    const file = await open(this.#path(key), readFlags).catch(unlessSession)
    if (file === null) return false
    try {
      await setModified(file, modified)
      return true
    } finally {
      await file.close()
    }
  }

  /** The right to clear, which one process has at a time; null where another one has it. */
  holdSweep(): Promise<LongLock | null> {
    return holdLock(join(this.#place.folder, `.${this.#place.prefix}${sweepName}${lockEnd}`))
  }

  /** The keys of all sessions, as the folder has them. What nobody will finish is removed. */
  async *keys(): AsyncGenerator<string> {
    for await (const { name } of await opendir(this.#place.folder)) {
      const key = this.#keyOf(name)
      if (key !== null) yield key
      else if (this.#isLeftover(name)) await this.#removeLeftover(name)
    }
  }

  #keyOf(name: string): string | null {
    const { prefix } = this.#place
    const key = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    return isFileKey(key) ? key : null
  }

  #isLeftover(name: string): boolean {
    const { prefix } = this.#place
    return name.startsWith(`.${prefix}`) || (name.startsWith(prefix) && name.includes(unfinished))
  }

  async #removeLeftover(name: string): Promise<void> {
    const path = join(this.#place.folder, name)
    if (name.endsWith(lockEnd)) {
      await clearStaleLock(path)
      return
    }
    const stats = await lstat(path).catch(unlessMissing)
    if (stats?.isFile() && this.#now().getTime() - stats.ctimeMs > longestUnfinishedMs) {
      await rm(path, { force: true })
    }
  }

  /** A new file beside the one that it is to replace. */
  async #write(key: string, payload: string, modified: PreciseDate): Promise<string> {
    const path = `${this.#path(key)}${unfinished}${randomString(8, alphabet)}`
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(payload)
      await setModified(file, modified)
      return path
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  }

  #path(key: string): string {
    return join(this.#place.folder, this.#place.prefix + key)
  }

  /** `clearsessions` takes every name that begins with the cookie's for that of a session. */
  #lockPath(key: string): string {
    return join(this.#place.folder, `.${this.#place.prefix}${key}${lockEnd}`)
  }
}

const lockEnd = '.lock'
/** No session has such a key. */
const sweepName = '-clear-expired'

/** Null where what is there is no session: nothing, a link, or what cannot be opened like a file. */
function unlessSession(error: unknown): null {
  if (['ELOOP', 'EMLINK', 'ENXIO', 'EISDIR'].includes(codeOf(error))) return null
  return unlessMissing(error)
}

/** Answers false where there is something under this name. */
async function makeEmpty(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function momentOf(nanoseconds: bigint): PreciseDate {
  const micros = nanoseconds / 1000n
  const ms = micros / 1000n
  return new PreciseDate(Number(ms), Number(micros - ms * 1000n))
}

/** Half a microsecond more, as what Node takes is a float, of which it drops the rest. */
function setModified(file: FileHandle, modified: PreciseDate): Promise<void> {
  const seconds = modified.getTime() / 1000 + (modified.microsecond + 0.5) / 1e6
  return file.utimes(new Date(), seconds)
}
