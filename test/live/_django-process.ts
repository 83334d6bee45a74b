/**
 * Real Django in a process of its own, asked by lines of JSON.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { pythonVariables } from '../../tools/_python.ts'

/** The settings of a Django process, as Django spells them. */
export interface DjangoProcessSettings {
  readonly SECRET_KEY: string
  readonly USE_TZ: boolean
  readonly TIME_ZONE: string
  readonly DATABASES: { readonly default: Readonly<Record<string, unknown>> }
  /** Default `django.contrib.sessions.backends.db`. */
  readonly SESSION_ENGINE?: string
  readonly CACHES?: { readonly default: Readonly<Record<string, unknown>> }
  readonly SESSION_FILE_PATH?: string
}

/** What Django's `set_expiry` is given. */
export type DjangoExpiry =
  | readonly ['none', null]
  | readonly ['seconds', number]
  | readonly ['datetime', string]
  | readonly ['timedelta', Readonly<Record<string, number>>]

/** What Django sees of a session. */
export interface DjangoSession {
  /** The data, in the words of Python's `json.dumps`. */
  readonly data: string
  /** Whether the row holds, to the byte, what Django would write for this data. */
  readonly isDjangoText: boolean
  /** The row's date, in UTC, to the microsecond. */
  readonly expireDate: string
  /** Some moment, for which `get_expiry_date` and `get_expiry_age` answer the following. */
  readonly modification: string
  readonly expiryDate: string
  readonly expiryAge: number
  readonly atBrowserClose: boolean
}

/** What Django sees of a session, whatever engine keeps it. */
export type DjangoSessionData = Pick<DjangoSession, 'data' | 'expiryAge' | 'atBrowserClose'>

interface Answer {
  readonly result?: unknown
  readonly error?: string
}

const script = fileURLToPath(new URL('django_process.py', import.meta.url))

/** One Django process. */
export class DjangoProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>
  #last: Promise<unknown> = Promise.resolve()
  #stderr = ''

  /** @param python - A Python that has Django. */
  constructor(python: string, settings: DjangoProcessSettings) {
    this.#child = spawn(python, [script], { env: pythonVariables() })
    this.#child.stderr.on('data', (part: Buffer) => {
      this.#stderr += part.toString()
    })
    this.#child.stdin.on('error', () => {})
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stdin.write(`${JSON.stringify(settings)}\n`)
  }

  /** Makes Django's tables. `fake_initial` takes those for made that are there. */
  migrate(options: { fake_initial?: boolean } = {}): Promise<void> {
    return this.#ask('migrate', options)
  }

  version(): Promise<string> {
    return this.#ask('version')
  }

  /** Stores a new session. @param data - In the words of Python's `json.dumps`. */
  create(data: string, expiry?: DjangoExpiry): Promise<string> {
    return this.#ask('create', { data, expiry })
  }

  /** null where Django sees no session. */
  read(key: string): Promise<DjangoSession | null> {
    return this.#ask('read', { key })
  }

  /** The same of any engine; null where Django sees no session. */
  readData(key: string): Promise<DjangoSessionData | null> {
    return this.#ask('read_data', { key })
  }

  /** Answers the key, which is another one where the cookie is the session. */
  change(
    key: string,
    change: { values?: string; deleted?: readonly string[]; expiry?: DjangoExpiry },
  ): Promise<string> {
    return this.#ask('change', { key, ...change })
  }

  cycleKey(key: string): Promise<string> {
    return this.#ask('cycle_key', { key })
  }

  flush(key: string): Promise<void> {
    return this.#ask('flush', { key })
  }

  clearSessions(): Promise<void> {
    return this.#ask('clearsessions')
  }

  /** All keys in the table. */
  keys(): Promise<string[]> {
    return this.#ask('keys')
  }

  /** All rows, as they stand. */
  rows(): Promise<Array<[key: string, payload: string, expireDate: string]>> {
    return this.#ask('rows')
  }

  /** Makes a user for each name and logs him in. Answers the session keys. */
  logIn(names: readonly string[]): Promise<string[]> {
    return this.#ask('log_in', { names })
  }

  /** The names of the users who are logged in under these keys; null for nobody. */
  users(keys: readonly string[]): Promise<Array<string | null>> {
    return this.#ask('users', { keys })
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await ended
  }

  #ask<T>(op: string, args: object = {}): Promise<T> {
    const answer = this.#last.then(() => this.#send<T>(op, args))
    this.#last = answer.catch(() => {})
    return answer
  }

  async #send<T>(op: string, args: object): Promise<T> {
    this.#child.stdin.write(`${JSON.stringify({ op, args })}\n`)
    const line = await this.#answers.next()
    if (line.done) throw new Error(`Django ended: ${this.#stderr}`)
    const { result, error } = JSON.parse(line.value) as Answer
    if (error !== undefined) throw new Error(`Django's ${op}: ${error}`)
    return result as T
  }
}
