/**
 * Sessions that this process moves to another key while other requests of the same visitor are under
 * way: those come with the old key, and go on under the new one.
 *
 * @module
 */

/** How long requests may still come with the old key. */
const rememberedMs = 10_000
const mostRemembered = 1000

/** One session on its way to another key. */
class Move {
  /** The new key; null where nobody moved it. */
  readonly outcome: Promise<string | null>
  movers = 0
  until: number = Number.POSITIVE_INFINITY
  settle: (key: string | null) => void = () => {}

  constructor() {
    this.outcome = new Promise((resolve) => {
      this.settle = resolve
    })
  }
}

/** All such sessions. */
export class Moves {
  readonly #moves = new Map<string, Move>()

  /** Somebody tries to move a session; whoever tries must say how it ended. */
  begin(oldKey: string): void {
    this.#forgetOld()
    const move = this.#moves.get(oldKey) ?? new Move()
    move.movers += 1
    this.#moves.set(oldKey, move)
  }

  /** @param newKey - Null where the session was not moved by this one who tried. */
  end(oldKey: string, newKey: string | null): void {
    const move = this.#moves.get(oldKey)
    if (!move) return
    move.movers -= 1
    if (newKey !== null) {
      move.until = performance.now() + rememberedMs
      move.settle(newKey)
    } else if (move.movers === 0 && move.until === Number.POSITIVE_INFINITY) {
      move.settle(null)
      this.#moves.delete(oldKey)
    }
  }

  /** The key that a session got, once that is known; null where it was not moved. */
  follow(oldKey: string): Promise<string | null> | null {
    const move = this.#moves.get(oldKey)
    return move && move.until > performance.now() ? move.outcome : null
  }

  #forgetOld(): void {
    const now = performance.now()
    for (const [key, { until, movers }] of this.#moves) {
      const isOver = until <= now || (this.#moves.size > mostRemembered && movers === 0)
      if (isOver) this.#moves.delete(key)
    }
  }
}
