/**
 * What live tests saw, as a table: how often something was as it should be.
 *
 * @module
 */

/** How often something was as it should be. */
interface Cell {
  good: number
  all: number
}

/** A table that fills up while tests run. */
export class ResultTable {
  readonly #title: string
  readonly #columns: string[] = []
  readonly #rows = new Map<string, Map<string, Cell>>()

  constructor(title: string) {
    this.#title = title
  }

  /** Runs an assertion, and counts whether it held. */
  async count(row: string, column: string, assertion: () => Promise<void>): Promise<void> {
    this.add(row, column, 0, 1)
    await assertion()
    this.add(row, column, 1, 0)
  }

  /** Adds so many good ones of all. */
  add(row: string, column: string, good: number, all: number): void {
    const cell = this.#cell(row, column)
    cell.good += good
    cell.all += all
  }

  #cell(row: string, column: string): Cell {
    if (!this.#columns.includes(column)) this.#columns.push(column)
    const cells = this.#rows.get(row) ?? new Map<string, Cell>()
    this.#rows.set(row, cells)
    const cell = cells.get(column) ?? { good: 0, all: 0 }
    cells.set(column, cell)
    return cell
  }

  /** The table as text. */
  format(): string {
    const rows = [...this.#rows].map(([name, cells]) => [
      name,
      ...this.#columns.map((column) => formatCell(cells.get(column))),
    ])
    const table = [[this.#title, ...this.#columns], ...rows]
    const widths = [this.#title, ...this.#columns].map((_, at) =>
      Math.max(...table.map((row) => row[at]?.length ?? 0)),
    )
    const lines = table.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
    return lines.join('\n')
  }
}

function formatCell(cell: Cell | undefined): string {
  return cell === undefined ? '' : `${cell.good}/${cell.all}`
}
