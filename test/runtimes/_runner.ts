/**
 * A test framework of a few lines, for runtimes that Vitest does not run in.
 *
 * @module
 */
import type { SuiteRunner } from 'async-django/testing'

/** What came of a suite. */
export interface SuiteReport {
  readonly passed: number
  readonly failures: readonly Failure[]
  /** What was left out, and why. */
  readonly notes: readonly string[]
}

/** A test that failed. */
export interface Failure {
  readonly test: string
  readonly message: string
}

/** Collects what a suite declares, and runs it, one test after the other. */
export class Runner implements SuiteRunner {
  readonly #tests: { readonly name: string; readonly run: () => Promise<void> }[] = []
  readonly #notes: string[] = []
  #group = ''

  describe(name: string, declare: () => void): void {
    const outer = this.#group
    this.#group = `${outer}${name}: `
    declare()
    this.#group = outer
  }

  test(name: string, run: () => Promise<void>): void {
    this.#tests.push({ name: this.#group + name, run })
  }

  note(message: string): void {
    this.#notes.push(message)
  }

  async run(): Promise<SuiteReport> {
    const failures: Failure[] = []
    for (const { name, run } of this.#tests) {
      try {
        await run()
      } catch (error) {
        failures.push({ test: name, message: describeError(error) })
      }
    }
    const passed = this.#tests.length - failures.length
    return { passed, failures, notes: this.#notes }
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
