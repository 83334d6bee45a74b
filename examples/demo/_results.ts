/**
 * What the check saw, as a table.
 *
 * @module
 */

/** What came of one thing that was looked at. */
export interface Seen {
  readonly isGood: boolean
  /** What was seen, in a few words. */
  readonly text: string
}

interface Row {
  readonly check: string
  readonly cells: ReadonlyMap<string, Seen>
}

const longest = 30

/** Rows of what was looked at, columns of servers. */
export class Results {
  readonly #columns: readonly string[]
  readonly #rows: Row[] = []

  constructor(columns: readonly string[]) {
    this.#columns = columns
  }

  /** One check, by the servers at which it was made. */
  add(check: string, cells: Readonly<Record<string, Seen>>): void {
    this.#rows.push({ check, cells: new Map(Object.entries(cells)) })
  }

  get bad(): number {
    return this.#cells().filter(({ isGood }) => !isGood).length
  }

  #cells(): Seen[] {
    return this.#rows.flatMap(({ cells }) => [...cells.values()])
  }

  /** The table; below it, whole, what was seen where something is bad; last, the count. */
  format(): string {
    const head = ['', ...this.#columns]
    const body = this.#rows.map(({ check, cells }) => [
      check,
      ...this.#columns.map((column) => formatCell(cells.get(column))),
    ])
    const widths = head.map((_, at) => Math.max(...[head, ...body].map((row) => width(row[at]))))
    const lines = [head, ...body].map((row) =>
      row
        .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - width(cell)))
        .join('  ')
        .trimEnd(),
    )
    return [...lines, ...this.#badLines(), '', this.#count()].join('\n')
  }

  #badLines(): string[] {
    return this.#rows.flatMap(({ check, cells }) =>
      [...cells]
        .filter(([, { isGood }]) => !isGood)
        .map(([server, { text }]) => `\nbad: ${check}, at ${server}: ${text}`),
    )
  }

  #count(): string {
    const all = this.#cells().length
    return `${all - this.bad} good, ${this.bad} bad`
  }
}

function formatCell(seen: Seen | undefined): string {
  if (seen === undefined) return ''
  const text = seen.text.length > longest ? `${seen.text.slice(0, longest - 1)}…` : seen.text
  return `${seen.isGood ? 'good' : 'bad '} ${text}`
}

/** Code points, near enough to columns of a terminal. */
function width(text = ''): number {
  return Array.from(text).length
}
