/**
 * Real Django with its admin and its users in a process of its own, asked by lines of JSON.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { pythonVariables } from '../../tools/_python.ts'

/** The settings of such a process, as Django spells them; null is the release's default. */
export interface UsersProcessSettings {
  readonly SECRET_KEY: string
  readonly SECRET_KEY_FALLBACKS?: readonly string[]
  readonly USE_TZ: boolean
  readonly TIME_ZONE: string
  readonly DATABASES: { readonly default: Readonly<Record<string, unknown>> }
  readonly PASSWORD_HASHERS: readonly string[] | null
}

/** A user as Django reads it. */
export interface SeenUser {
  readonly pk: number
  readonly username: string
  readonly first_name: string
  readonly email: string
  readonly is_staff: boolean
  readonly is_active: boolean
  readonly password: string
  /** In UTC, to the microsecond. */
  readonly last_login: string | null
  readonly date_joined: string
}

interface Answer {
  readonly result?: unknown
  readonly error?: string
}

const script = fileURLToPath(new URL('users_process.py', import.meta.url))

/** One Django process. */
export class UsersProcess {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>
  #last: Promise<unknown> = Promise.resolve()
  #stderr = ''

  /**
   * @param python - A Python that has Django.
   * @param customKey - The type of key of a user model of the site's own. Default: Django's model.
   */
  constructor(python: string, settings: UsersProcessSettings, customKey?: string) {
    const env = pythonVariables(customKey === undefined ? {} : { SHOP_KEY: customKey })
    this.#child = spawn(python, [script], { env })
    this.#child.stderr.on('data', (part: Buffer) => {
      this.#stderr += part.toString()
    })
    this.#child.stdin.on('error', () => {})
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stdin.write(`${JSON.stringify(settings)}\n`)
  }

  migrate(): Promise<void> {
    return this.ask('migrate')
  }

  /** Answers the primary key. */
  createUser(name: string, password: string, fields: object = {}): Promise<number> {
    return this.ask('create_user', { name, password, ...fields })
  }

  /** The session key; null where the admin's form refuses. */
  logIn(name: string, password: string): Promise<string | null> {
    return this.ask('log_in', { name, password })
  }

  /** Whom the admin welcomes; null where it asks to log in. */
  admin(key: string | null): Promise<string | null> {
    return this.ask('admin', { key })
  }

  /** Who the visitors with these cookies are; null for nobody. */
  who(keys: ReadonlyArray<string | null>): Promise<Array<string | null>> {
    return this.ask('who', { keys })
  }

  logOut(key: string): Promise<number> {
    return this.ask('log_out', { key })
  }

  /** The session key that the browser has then; null where the form refuses. */
  changePassword(key: string, old: string, next: string): Promise<string | null> {
    return this.ask('change_password', { key, old, new: next })
  }

  permit(name: string, perms: readonly string[], groups: object = {}): Promise<void> {
    return this.ask('permit', { name, perms, groups })
  }

  changeUser(name: string, fields: object): Promise<void> {
    return this.ask('change_user', { name, ...fields })
  }

  lookAt(name: string): Promise<SeenUser> {
    return this.ask('look_at', { name })
  }

  /** Asks anything that `users_process.py` knows. */
  ask<T>(op: string, args: object = {}): Promise<T> {
    const answer = this.#last.then(() => this.#send<T>(op, args))
    this.#last = answer.catch(() => {})
    return answer
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await ended
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
