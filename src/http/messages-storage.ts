/**
 * The messages of one request: those that earlier ones left, and those that it leaves itself.
 * Mirrors `django.contrib.messages.storage.base.BaseStorage`.
 *
 * @module
 */
import type { Diagnostics } from '../diagnostics.ts'
import { type Message, type StoredMessage, tagged } from './messages-format.ts'
import type { VisitPart } from './part.ts'
import { platform } from '#platform'

/** What a box holds. */
export interface Retrieved {
  /** Null where the box was not used. */
  readonly messages: readonly StoredMessage[] | null
  /** False where more of them are in the next box. */
  readonly isComplete: boolean
  /** Something is there that is no list of messages. */
  readonly isUnreadable: boolean
}

/** How to store. */
export interface StoreOptions {
  /** Which messages go where there is no room for all: the oldest, or the newest. */
  readonly dropsOldest: boolean
}

/** A place for a visitor's messages. */
export interface MessageBox {
  load(): Promise<Retrieved>
  /** Replaces what is there. Answers the messages that have no room. */
  store(messages: readonly StoredMessage[], options: StoreOptions): readonly StoredMessage[]
}

/** What a visitor's messages are kept with. */
export interface MessageRules {
  readonly diagnostics: Diagnostics
  /** Tags by level. */
  readonly levelTags: Readonly<Record<number, string>>
  /** Messages below are not kept. */
  readonly level: number
}

/** Messages to show. Whoever goes through them has shown them: they are not kept for another page. */
export interface Messages extends Iterable<Message> {
  readonly length: number
  /** Whether somebody went through the messages. Set it to false to have them kept. */
  used: boolean
}

/** The messages of one request. */
export class MessageStorage implements VisitPart, Messages {
  readonly name = 'messages'
  readonly isDue = false
  used = false
  level: number
  readonly #rules: MessageRules
  readonly #box: MessageBox
  /** Null until they are read. */
  #loaded: Message[] | null = null
  #queued: Message[] = []
  #hasNew = false

  constructor(rules: MessageRules, box: MessageBox) {
    this.#rules = rules
    this.#box = box
    this.level = rules.level
  }

  get defaultLevel(): number {
    return this.#rules.level
  }

  /** Queues a message, unless it is empty or below the level. */
  add(message: StoredMessage): void {
    if (message.message === '' || message.level < this.level) return
    this.#hasNew = true
    this.#queued.push(tagged(message, this.#rules.levelTags))
  }

  /** Reads what earlier requests left, once. */
  async load(): Promise<Message[]> {
    if (this.#loaded) return this.#loaded
    const { messages, isUnreadable } = await this.#box.load()
    // What is wrong is removed.
    this.used ||= isUnreadable
    this.#loaded ??= (messages ?? []).map((one) => tagged(one, this.#rules.levelTags))
    return this.#loaded
  }

  get length(): number {
    return (this.#loaded?.length ?? 0) + this.#queued.length
  }

  [Symbol.iterator](): Iterator<Message> {
    this.used = true
    this.#loaded = [...(this.#loaded ?? []), ...this.#queued]
    this.#queued = []
    return this.#loaded.values()
  }

  check(): null {
    return null
  }

  commit(): Promise<void> | null {
    return this.used || this.#hasNew ? this.#update() : null
  }

  async #update(): Promise<void> {
    const kept = this.used ? [] : await this.load()
    const unstored = this.#box.store([...kept, ...this.#queued], { dropsOldest: true })
    const count = unstored.length
    if (count === 0) return
    this.#rules.diagnostics.publish('messages.dropped', () => ({ count }))
    platform.warn(
      'messages.dropped',
      'Messages for a visitor were dropped: a cookie has no room for so many. The session has: ' +
        "messageStorage: 'django.contrib.messages.storage.fallback.FallbackStorage'.",
    )
  }
}
