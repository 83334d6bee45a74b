/**
 * Messages in a cookie, and in the session what has no room there. Mirrors
 * `django.contrib.messages.storage.fallback.FallbackStorage`.
 *
 * @module
 */
import type { StoredMessage } from './messages-format.ts'
import type { MessageBox, Retrieved } from './messages-storage.ts'

/** Several boxes, each for what has no room in those before it. */
export class FallbackBox implements MessageBox {
  readonly #boxes: readonly MessageBox[]
  /** Boxes that messages were found in. */
  readonly #used = new Set<MessageBox>()

  constructor(boxes: readonly MessageBox[]) {
    this.#boxes = boxes
  }

  async load(): Promise<Retrieved> {
    const all: StoredMessage[] = []
    for (const box of this.#boxes) {
      const { messages, isComplete } = await box.load()
      // A box that was not used had nothing to leave over.
      if (messages === null) break
      if (messages.length > 0) this.#used.add(box)
      all.push(...messages)
      if (isComplete) break
    }
    return { messages: all, isComplete: true, isUnreadable: false }
  }

  store(messages: readonly StoredMessage[]): readonly StoredMessage[] {
    let left = messages
    for (const box of this.#boxes) {
      if (left.length > 0) left = box.store(left, { dropsOldest: false })
      else if (this.#used.delete(box)) box.store([], { dropsOldest: false })
    }
    return left
  }
}
