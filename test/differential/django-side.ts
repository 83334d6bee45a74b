/**
 * Real Django in a process of its own.
 *
 * @module
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { pythonVariables } from '../../tools/_python.ts'
import { projectRoot } from '../../tools/_root.ts'
import type { Action, Outcome } from './seen.ts'

const script = join(projectRoot, 'test', 'differential', 'django_side.py')

/** Django, and its database. */
export class DjangoSide {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>
  #stderr = ''

  /** @param python - A Python that has Django. @param file - Of the database, which it makes. */
  constructor(python: string, file: string) {
    this.#child = spawn(python, ['-W', 'ignore', script], { env: pythonVariables() })
    this.#child.stderr.on('data', (part: Buffer) => {
      this.#stderr += part.toString()
    })
    this.#child.stdin.on('error', () => {})
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stdin.write(`${JSON.stringify({ file })}\n`)
  }

  /** Carries actions out, one after the other. */
  async carryOut(actions: readonly Action[]): Promise<readonly Outcome[]> {
    this.#child.stdin.write(`${JSON.stringify(actions)}\n`)
    const line = await this.#answers.next()
    if (line.done) throw new Error(`Django ended: ${this.#stderr}`)
    return JSON.parse(line.value) as Outcome[]
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await ended
  }
}
