/**
 * Runs a history twice, through sessions over a store and in the model, and tells the first
 * difference.
 *
 * @module
 */
import type { SessionStoreFactory } from 'async-django'

import { loginKeys, type Stored } from '../merge-model.ts'
import { type Edit, isLazyEdit } from './edits.ts'
import { type AnySession, editSession, finishModel, finishSession } from './finish.ts'
import { baseText, type Finish, type History, type Step } from './histories.ts'
import { type SeenRow, StoreView } from './store-view.ts'
import { textOf } from './values.ts'
import { ModelWriter, type Rule, type World } from './writer.ts'

/** What came of a history. */
export interface Run {
  readonly rules: ReadonlySet<Rule>
  /** How many rows the model leaves. */
  readonly rows: number
  /** The first difference; null: none. */
  readonly difference: { readonly kind: string; readonly text: string } | null
}

/** Runs a history over a store; each of the two writers has a `django` of its own, and the reader. */
export async function runHistory(factory: SessionStoreFactory, history: History): Promise<Run> {
  const rules = new Set<Rule>()
  const comparison = new Comparison(factory, history, (rule) => rules.add(rule))
  try {
    await comparison.run(history)
    return { rules, rows: comparison.rows, difference: null }
  } catch (error) {
    if (!(error instanceof Difference)) throw error
    return { rules, rows: comparison.rows, difference: { kind: error.kind, text: error.message } }
  }
}

/** A difference between the package and the model. */
class Difference extends Error {
  readonly kind: string

  constructor(kind: string, where: string, expected: unknown, got: unknown) {
    super(`${where}: ${kind}\n  expected ${String(expected)}\n  got      ${String(got)}`)
    this.kind = kind
  }
}

interface Writer {
  readonly session: AnySession
  readonly model: ModelWriter
}

const twoWeeks = 14 * 24 * 60 * 60

class Comparison {
  readonly #now = new Date(Math.floor(Date.now() / 1000) * 1000)
  readonly #world: World
  readonly #store: StoreView
  /** The keys of the model's rows. */
  readonly #keys = new Map<number, string>()
  /** Writers that lost their row before they read it: what they do next is a first request. */
  readonly #lost = new Set<Writer>()
  #where = 'before the first step'

  constructor(factory: SessionStoreFactory, { base }: History, note: World['note']) {
    this.#store = new StoreView(factory, this.#now)
    const row = new Map(
      base.map((entry) => [entry.key, { value: entry.value, source: sourceOf(baseText([entry])) }]),
    )
    this.#world = { rows: new Map([[0, row]]), now: this.#now, note, rowsMade: 1 }
  }

  get rows(): number {
    return this.#world.rows.size
  }

  async run({ base, lazy, steps }: History): Promise<void> {
    const expiry = base.find(({ key }) => key === '_session_expiry')?.value
    const expireDate = new Date(this.#now.getTime() + this.#ageOf(expiry) * 1000)
    const key = await this.#store.insert(baseText(base), expireDate)
    this.#keys.set(0, key)
    const writers = { we: this.#writer(key), they: this.#writer(key) }
    for (const edit of lazy?.edits ?? []) editBoth(writers.we, edit)
    await load(writers.they)
    if (lazy?.loadsFirst !== false) await load(writers.we)
    await this.#compareStore(new Set())
    for (const [index, step] of steps.entries()) {
      this.#where = `step ${index + 1} (${step.who}, ${step.finish.kind})`
      await this.#step(writers[step.who], step)
    }
  }

  #writer(key: string): Writer {
    const session = this.#store.open().sessions.get(key) as AnySession
    return { session, model: new ModelWriter(this.#world, 0) }
  }

  async #step(writer: Writer, step: Step): Promise<void> {
    const { session, model } = writer
    if (this.#lost.has(writer)) return
    const finish = this.#finishOf(model, step)
    if (finish.kind === 'saveTwice') await load(writer)
    for (const edit of step.edits) {
      if (model.isLoaded || isLazyEdit(edit)) editBoth(writer, edit)
    }
    const before = new Set([...this.#world.rows.values()].flatMap((row) => [...row.values()]))
    const got = await finishSession(session, finish)
    const expected = finishModel(model, finish)
    this.#expect('outcome', expected.join(', '), got.join(', '))
    if (!model.isLoaded) this.#lost.add(writer)
    this.#compareKey(writer)
    if (model.isLoaded) this.#compareLive(writer)
    await this.#compareStore(before)
  }

  /** A `change()` of a session that has no row is not about two writers. */
  #finishOf({ row, isLoaded }: ModelWriter, { finish }: Step): Finish {
    const hasRow = row !== null && (isLoaded || this.#world.rows.has(row))
    return finish.kind === 'change' && !hasRow ? { kind: 'save' } : finish
  }

  /** Nothing is said of the key of a session whose row is gone. */
  #compareKey({ session: { key }, model: { row } }: Writer): void {
    if (row !== null && !this.#world.rows.has(row)) return
    if (row !== null && key !== null && !this.#keys.has(row)) this.#keys.set(row, key)
    this.#expect('key', row === null ? null : this.#keys.get(row), key)
  }

  #compareLive({ session, model }: Writer): void {
    const expiry = model.session.data['_session_expiry']
    this.#expect('live data', shown(model.session.data), shown(session.data ?? {}))
    this.#expect('expiry age', Math.floor(this.#ageOf(expiry)), session.getExpiryAge?.())
    this.#expect('browser close', expiry === 0, session.getExpireAtBrowserClose?.())
  }

  /** Compares all rows with the model's; `before` are the values that stood there. */
  async #compareStore(before: ReadonlySet<Stored>): Promise<void> {
    const gone = new Set(this.#store.keysMade)
    for (const [number, row] of this.#world.rows) {
      const key = this.#keys.get(number) ?? ''
      gone.delete(key)
      await this.#compareRow(key, row, before)
    }
    for (const key of gone) {
      this.#expect('a row that should be gone', false, await this.#store.exists(key))
    }
  }

  async #compareRow(
    key: string,
    row: Map<string, Stored>,
    before: ReadonlySet<Stored>,
  ): Promise<void> {
    const seen = await this.#store.read(key)
    this.#expect('a row that should be there', true, seen !== null)
    if (!seen) return
    const { data, members, expireDate } = seen
    const wanted = Object.fromEntries([...row].map(([name, { value }]) => [name, value]))
    this.#expect('stored data', shown(wanted), shown(data))
    const logins = members.filter(({ key: name }) => loginKeys.includes(name)).length
    this.#expect('login keys, none or three', true, logins === 0 || logins === 3)
    const untouched = [...row].filter(([, stored]) => before.has(stored)).map(([name]) => name)
    const texts = untouched.map((name) => `${name}: ${row.get(name)?.source}`)
    const found = members.filter(({ key: name }) => untouched.includes(name))
    const foundTexts = found.map(({ key: name, source }) => `${name}: ${source}`)
    this.#expect('text and order of what nobody changed', texts.join(), foundTexts.join())
    learn(row, members)
    const age = this.#ageOf(row.get('_session_expiry')?.value)
    this.#expect('expire date', age, (expireDate.getTime() - this.#now.getTime()) / 1000)
  }

  #ageOf(expiry: unknown): number {
    if (typeof expiry === 'string') return (Date.parse(expiry) - this.#now.getTime()) / 1000
    return Number(expiry ?? 0) || twoWeeks
  }

  #expect(kind: string, expected: unknown, got: unknown): void {
    if (expected !== got) throw new Difference(kind, this.#where, expected, got)
  }
}

function editBoth({ session, model }: Writer, edit: Edit): void {
  editSession(session, edit)
  model.edit(edit)
}

async function load({ session, model }: Writer): Promise<void> {
  await session.load()
  model.load()
}

/** The text of the only value. */
function sourceOf(text: string): string {
  return text.slice(text.indexOf('":') + 2, -1)
}

/** Takes over text and order of what was written, which the rules leave open. */
function learn(row: Map<string, Stored>, members: SeenRow['members']): void {
  for (const { key, source } of members) {
    const stored = row.get(key)
    if (!stored) continue
    stored.source = source
    row.delete(key)
    row.set(key, stored)
  }
}

/** Data as one text, names sorted. */
function shown(data: object): string {
  const members = Object.entries(data).filter(([, value]) => value !== undefined)
  const texts = members.map(([key, value]) => `${key}: ${textOf(value)}`)
  return `{ ${texts.sort().join(', ')} }`
}
