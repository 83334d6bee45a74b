/**
 * Session data as the page shows it: nested lists that can be folded.
 *
 * @module
 */
import { html, type Html } from './_html.ts'

const mostLevels = 12

/** One member of an object or a list, with all that is in it. */
export function member(label: string | number, value: unknown, level = 1): Html {
  const inner = membersOf(value)
  if (inner.length === 0 || level === mostLevels) {
    const text = inner.length === 0 ? textOf(value) : '…'
    return html`<p>
      <span class="label">${label}</span> <span class="${kindOf(value)}">${text}</span>
    </p>`
  }
  const items = inner.map(([key, each]) => html`<li>${member(key, each, level + 1)}</li>`)
  return html`<details class="${kindOf(value)}" open>
    <summary><span class="label">${label}</span> <span class="size">${inner.length}</span></summary>
    <ul>
      ${items}
    </ul>
  </details>`
}

function membersOf(value: unknown): Array<[label: string | number, value: unknown]> {
  if (Array.isArray(value)) return value.map((each, at) => [at, each])
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

/** JSON, but for the numbers that JSON cannot hold. */
function textOf(value: unknown): string {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  if (!isNumber) return JSON.stringify(value)
  return Object.is(value, -0) ? '-0.0' : String(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  return typeof value === 'bigint' ? 'number' : typeof value
}
