/**
 * Sessions in files that Django reads and writes too. Equals
 * `django.contrib.sessions.backends.file`. Needs no client.
 *
 * Writers of this package, in however many processes, wait for each other at a lock file beside each
 * session, so that none writes over what it did not read. Django takes no lock: what it saves in the
 * moment in which one of ours has compared and not yet written is written over, and what it writes
 * itself it writes over whatever is there.
 *
 * Files can be read by their owner alone, so Django and this package run as the same user. Hosts that
 * share a folder need clocks that agree to a few seconds: a lock of ten seconds is taken for one of a
 * process that died.
 *
 * @module
 */
import { ImproperlyConfiguredError, invalidArgument } from '../errors.ts'
import type { PreciseDate } from '../formats/datetime.ts'
import type {
  ClearOptions,
  ClearProgress,
  Deleted,
  KeyedSession,
  NewSession,
  SessionStore,
  SessionStoreFactory,
  StoreContext,
  StoredSession,
  Updated,
} from '../session/store.ts'
import { type ClearedBatch, clearInBatches } from './_clear-expired.ts'
import { FileExpiry } from './_file-expiry.ts'
import type { LongLock } from './_file-lock.ts'
import { isFileKey, type SessionFile, SessionFiles } from './_file-sessions.ts'
import { isFolder, temporaryFolder } from './_file-system.ts'
import { storedNow } from './_session-table.ts'

/** Where sessions are, if not where Django keeps them by default. */
export interface FileStoreOptions {
  /** Django's `SESSION_FILE_PATH`: a folder. Default, as in Django: that for temporary files. */
  readonly sessionFilePath?: string
}

/** How many files are looked at for those that end last. */
const mostLookedAt = 10_000
/** How many files are looked at in a batch for each that may be removed. */
const lookedAtForOne = 10
const atOnce = 8

/**
 * Keeps sessions in files.
 *
 * @throws ImproperlyConfiguredError in `createDjango`, where there is no such folder.
 * @example
 * ```ts
 * const store = fileStore({ sessionFilePath: '/var/lib/site/sessions' })
 * const django = createDjango({ settings, store })
 * ```
 */
export function fileStore(options: FileStoreOptions = {}): SessionStoreFactory {
  return (context) => {
    const prefix = context.settings.sessionCookieName
    if (/[/\\\0]/.test(prefix)) {
      throw new ImproperlyConfiguredError('sessionCookieName', 'cannot begin the name of a file.')
    }
    return makeStore(new SessionFiles({ folder: folderOf(options), prefix }, context.now), context)
  }
}

function folderOf({ sessionFilePath }: FileStoreOptions): string {
  // As in Python, an empty text is none.
  const folder = sessionFilePath || temporaryFolder()
  if (isFolder(folder)) return folder
  throw new ImproperlyConfiguredError(
    'sessionFilePath',
    `"${folder}" is no folder: make it, or name the one in Django's SESSION_FILE_PATH.`,
  )
}

function makeStore(files: SessionFiles, context: StoreContext): SessionStore {
  const codec = context.codecs.signed()
  const expiry = new FileExpiry(codec, context)
  const asStored = ({ payload, modified }: SessionFile): StoredSession => ({
    payload,
    expireDate: expiry.endOf(payload, modified).expireDate,
  })
  const asFile = ({ payload, expireDate }: NewSession): SessionFile => ({
    payload,
    modified: expiry.modification(expireDate),
  })
  return {
    name: 'fileStore',
    codec,
    can: { compareAndSwap: true, revoke: true, touch: true, clear: true, columns: false },
    async load(key, call) {
      call?.signal?.throwIfAborted()
      const file = isFileKey(key) ? await files.read(key) : null
      return file && !expiry.endOf(file.payload, file.modified).isOver ? asStored(file) : null
    },
    async exists(key, call) {
      call?.signal?.throwIfAborted()
      return isFileKey(key) && (await files.modified(key)) !== null
    },
    async create(key, next, call) {
      call?.signal?.throwIfAborted()
      if (!isFileKey(key)) throw invalidArgument('A session key is up to 128 of a-z and 0-9.')
      const isMade = await files.create(key, asFile(next), call)
      return isMade ? { key, stored: storedNow(next) } : null
    },
    async update(key, next, previous, call) {
      call?.signal?.throwIfAborted()
      if (!isFileKey(key)) return { outcome: 'missing' }
      const decide = (current: SessionFile | null): { isWanted: boolean; updated: Updated } => {
        if (current === null) return { isWanted: false, updated: { outcome: 'missing' } }
        if (current.payload === previous.payload) {
          return { isWanted: true, updated: { outcome: 'saved', key, stored: storedNow(next) } }
        }
        return { isWanted: false, updated: { outcome: 'conflict', current: asStored(current) } }
      }
      return (await files.replace(key, asFile(next), decide, call)).updated
    },
    async touch(key, expireDate, call) {
      call?.signal?.throwIfAborted()
      return isFileKey(key) && files.touch(key, expiry.modification(expireDate))
    },
    async delete(key, previous, call) {
      call?.signal?.throwIfAborted()
      if (!isFileKey(key)) return 'missing'
      const decide = (current: SessionFile | null): { isWanted: boolean; deleted: Deleted } => {
        if (current === null) return { isWanted: false, deleted: 'missing' }
        const isSame = previous === undefined || current.payload === previous.payload
        return { isWanted: isSame, deleted: isSame ? 'deleted' : 'conflict' }
      }
      return (await files.remove(key, decide, call)).deleted
    },
    clearExpired: (options) => clearExpired(files, expiry, options),
    // Django's `load` removes what has expired, and calls `create`.
    async renews(key, call) {
      return (await this.delete(key, undefined, call)) === 'deleted'
    },
    newest: (count, call) => newest(files, expiry, count, call?.signal),
  }
}

/** Looks at every file: only what is in it tells when a session with an expiry of its own ends. */
async function* clearExpired(
  files: SessionFiles,
  expiry: FileExpiry,
  options: ClearOptions,
): AsyncGenerator<ClearProgress> {
  const keys = files.keys()
  let sweep: LongLock | null = null
  const clearNext = async (batchSize: number): Promise<ClearedBatch> => {
    sweep ??= await files.holdSweep()
    if (sweep === null) return { deleted: 0, isLast: true }
    return clearBatch(files, expiry, keys, batchSize, sweep)
  }
  try {
    yield* clearInBatches(clearNext, options)
  } finally {
    await keys.return(null)
    await releaseIfHeld(sweep)
  }
}

async function clearBatch(
  files: SessionFiles,
  expiry: FileExpiry,
  keys: AsyncGenerator<string>,
  batchSize: number,
  sweep: LongLock,
): Promise<ClearedBatch> {
  const isPast = (file: SessionFile | null): boolean =>
    file !== null && expiry.isPast(file.payload, file.modified)
  const clear = async (key: string): Promise<number> => {
    if (!isPast(await files.read(key))) return 0
    const decide = (current: SessionFile | null): { isWanted: boolean } => ({
      isWanted: isPast(current),
    })
    return (await files.remove(key, decide)).isWanted ? 1 : 0
  }
  let deleted = 0
  for (let lookedAt = 0; deleted < batchSize && lookedAt < batchSize * lookedAtForOne;) {
    await sweep.beat()
    const some = await take(keys, Math.min(atOnce, batchSize - deleted))
    if (some.length === 0) return { deleted, isLast: true }
    for (const count of await Promise.all(some.map(clear))) deleted += count
    lookedAt += some.length
  }
  return { deleted, isLast: false }
}

function releaseIfHeld(sweep: LongLock | null): Promise<void> | undefined {
  return sweep?.release()
}

/** So many of what comes next, fewer where nothing more comes. */
async function take(keys: AsyncGenerator<string>, most: number): Promise<string[]> {
  const taken: string[] = []
  while (taken.length < most) {
    const next = await keys.next()
    if (next.done) break
    taken.push(next.value)
  }
  return taken
}

/** Of the first so many files. */
async function newest(
  files: SessionFiles,
  expiry: FileExpiry,
  count: number,
  signal?: AbortSignal,
): Promise<readonly KeyedSession[]> {
  const keys = files.keys()
  const dated: { key: string; modified: PreciseDate }[] = []
  const look = async (key: string): Promise<void> => {
    const modified = await files.modified(key)
    if (modified !== null) dated.push({ key, modified })
  }
  while (dated.length < mostLookedAt) {
    signal?.throwIfAborted()
    const some = await take(keys, atOnce)
    if (some.length === 0) break
    await Promise.all(some.map(look))
  }
  await keys.return(null)
  dated.sort((a, b) => b.modified.getTime() - a.modified.getTime())
  return live(files, expiry, dated, count)
}

async function live(
  files: SessionFiles,
  expiry: FileExpiry,
  dated: readonly { readonly key: string }[],
  count: number,
): Promise<readonly KeyedSession[]> {
  const found: KeyedSession[] = []
  for (const { key } of dated) {
    if (found.length === count) break
    const file = await files.read(key)
    if (file === null) continue
    const { expireDate, isOver } = expiry.endOf(file.payload, file.modified)
    if (!isOver) found.push({ key, stored: { payload: file.payload, expireDate } })
  }
  return found
}
