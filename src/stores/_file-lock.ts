/**
 * Locks that several processes honour, each a file that only one of them can make. A process that
 * died with one does not keep it: others see that the process is gone, or, where they cannot, that
 * the file is old.
 *
 * @module
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { link, readFile, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'

import { StoreUnavailableError } from '../errors.ts'
import { randomString } from '../formats/random-string.ts'
import { backOff } from '../session/back-off.ts'
import { KeyedQueue } from '../session/keyed-queue.ts'
import type { Call } from '../session/store.ts'
import { codeOf, unlessMissing } from './_file-system.ts'

/** A lock is held for a few calls of the file system: one of this age is nobody's any more. */
const longestHeldMs = 10_000
/** How long a lock is waited for where no call says how long. */
const longestWaitMs = 5000
const longestPauseMs = 20

/** A lock while it is held. */
export interface HeldLock {
  /** Whether it still is: another process may have taken this one for dead, after a long pause. */
  isHeld(): Promise<boolean>
}

/** A lock that is held for longer than others: its holder shows now and then that it is there. */
export interface LongLock {
  beat(): Promise<void>
  release(): Promise<void>
}

/** Locks by the path of their file. */
export class FileLocks {
  readonly #queue = new KeyedQueue()

  /**
   * Does something while no other process, and no other task of this one, holds the lock.
   *
   * @throws StoreUnavailableError where others hold it for too long.
   */
  run<T>(path: string, task: (lock: HeldLock) => Promise<T>, call?: Call): Promise<T> {
    return this.#queue.run(path, async () => {
      const owner = newOwner()
      await acquire(path, owner, call)
      const isHeld = async (): Promise<boolean> => (await ownerOf(path)) === owner
      try {
        return await task({ isHeld })
      } finally {
        if (await isHeld()) await unlink(path).catch(unlessMissing)
      }
    })
  }
}

/** Takes a lock for longer, or answers null where somebody else has it. */
export async function holdLock(path: string): Promise<LongLock | null> {
  const owner = newOwner()
  if (!(await make(path, owner)) && !((await clearStaleLock(path)) && (await make(path, owner)))) {
    return null
  }
  return {
    async beat() {
      await utimes(path, new Date(), new Date()).catch(unlessMissing)
    },
    async release() {
      if ((await ownerOf(path)) === owner) await unlink(path).catch(unlessMissing)
    },
  }
}

async function acquire(path: string, owner: string, call?: Call): Promise<void> {
  const startedAt = performance.now()
  for (let attempt = 1; ; attempt++) {
    call?.signal?.throwIfAborted()
    if (await make(path, owner)) return
    if (await clearStaleLock(path)) continue
    if (!call?.signal && performance.now() - startedAt > longestWaitMs) {
      throw new StoreUnavailableError({ store: 'fileStore', operation: 'lock' })
    }
    await backOff(attempt, longestPauseMs)
  }
}

async function make(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Null where there is no lock. */
function ownerOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(unlessMissing)
}

/**
 * Removes a lock that nobody holds; answers whether there is none any more. It is taken away under
 * another name first, as another process may do the same, and a third hold a new one by then.
 */
export async function clearStaleLock(path: string): Promise<boolean> {
  const owner = await ownerOf(path)
  if (owner === null) return true
  if (!(await isStale(path, owner))) return false
  const away = `${path}.${randomString(8, 'abcdefghijklmnopqrstuvwxyz')}`
  try {
    await rename(path, away)
    if ((await ownerOf(away)) !== owner) await link(away, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') unlessMissing(error)
  } finally {
    await rm(away, { force: true })
  }
  return true
}

async function isStale(path: string, owner: string): Promise<boolean> {
  const [host, pid, startedAt] = owner.split(' ')
  if (host === thisHost() && pid && !isRunning(Number(pid), startedAt ?? '')) return true
  const found = await stat(path).catch(unlessMissing)
  return found !== null && Date.now() - found.mtimeMs > longestHeldMs
}

/** Whether a process of this host is the one that it was: numbers of processes are used again. */
function isRunning(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Of other users, it may only be seen.
    if (codeOf(error) !== 'EPERM') return false
  }
  return startOf(pid) === startedAt
}

/** When a process started, by the clock of its system; empty text where that does not tell. */
function startOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Behind the name, which may hold anything, from the third field on.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

let host: string | null = null
let self: string | null = null

/** This machine, or this container of it: numbers of processes mean something only within. */
function thisHost(): string {
  host ??= `${hostname().replaceAll(/\s/g, '')}${namespace()}`
  return host
}

function namespace(): string {
  try {
    return `/${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

function newOwner(): string {
  return `${thisProcess()} ${randomString(16, 'abcdefghijklmnopqrstuvwxyz')}`
}

function thisProcess(): string {
  self ??= `${thisHost()} ${process.pid} ${startOf(process.pid)}`
  return self
}
