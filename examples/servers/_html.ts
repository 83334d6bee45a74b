/**
 * HTML by template literals: what is put into one is escaped, unless it is HTML itself.
 *
 * @module
 */

/** Text that is HTML already. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** What can be put into a template; null leaves nothing there. */
export type Slot = string | number | bigint | null | Html | readonly Html[]

/** Makes HTML of a template literal. */
export function html(parts: TemplateStringsArray, ...slots: Slot[]): Html {
  return new Html(String.raw({ raw: parts }, ...slots.map(textOf)))
}

function textOf(slot: Slot): string {
  if (slot === null) return ''
  if (slot instanceof Html) return slot.text
  if (typeof slot === 'object') return slot.map(textOf).join('')
  return String(slot).replace(/[&<>"']/g, (character) => escapes[character] ?? character)
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
}
