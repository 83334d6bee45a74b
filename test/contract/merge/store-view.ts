/**
 * A store as the merge test sees it: who opens it, every key that was made in it, and what stands
 * there by the eyes of a third party.
 *
 * @module
 */
import {
  createDjango,
  type Django,
  type SessionStore,
  type SessionStoreFactory,
} from 'async-django'

import { splitMembers } from '../../../src/formats/json-source.ts'

/** A session in the store. */
export interface SeenRow {
  readonly data: Record<string, unknown>
  /** Its keys in their order, with the text of their values. */
  readonly members: ReadonlyArray<{ readonly key: string; readonly source: string }>
  readonly expireDate: Date
}

const settings = { secretKey: 'the secret of the merge test' }

/** A store, for one history. */
export class StoreView {
  /** Every key that was ever made. */
  readonly keysMade: Set<string> = new Set()
  readonly #factory: SessionStoreFactory
  readonly #now: () => Date
  readonly #reader: Django
  #store: SessionStore | undefined

  constructor(factory: SessionStoreFactory, now: Date) {
    this.#factory = factory
    this.#now = () => now
    this.#reader = this.open()
  }

  /** A `django` of its own over the store. */
  open(): Django {
    const store: SessionStoreFactory = (context) => {
      const opened = this.#recorded(this.#factory(context))
      this.#store ??= opened
      return opened
    }
    return createDjango({ settings, store, now: this.#now })
  }

  /** Puts a session there, as text that Python would have written; answers its key. */
  async insert(text: string, expireDate: Date): Promise<string> {
    const store = this.#opened
    const created = await store.create(randomKey(), {
      payload: store.codec.encode(text),
      expireDate,
    })
    if (!created) throw new Error('The key is taken.')
    return created.key
  }

  /** What stands under a key; null: nothing. */
  async read(key: string): Promise<SeenRow | null> {
    const { codec, load } = this.#opened
    const stored = await load(key)
    if (!stored) return null
    const session = await this.#reader.sessions.get(key).load()
    return {
      data: session.data,
      members: splitMembers(codec.decode(stored.payload)),
      expireDate: stored.expireDate ?? session.getExpiryDate(),
    }
  }

  exists(key: string): Promise<boolean> {
    return this.#reader.sessions.exists(key)
  }

  get #opened(): SessionStore {
    if (!this.#store) throw new Error('No store was made.')
    return this.#store
  }

  #recorded(store: SessionStore): SessionStore {
    const create: SessionStore['create'] = async (...call) => {
      const created = await store.create(...call)
      if (created) this.keysMade.add(created.key)
      return created
    }
    return new Proxy(store, {
      get(target, name) {
        if (name === 'create') return create
        const member: unknown = Reflect.get(target, name)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
  }
}

function randomKey(): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const pick = (): string => letters.charAt(Math.floor(Math.random() * letters.length))
  return Array.from({ length: 32 }, pick).join('')
}
