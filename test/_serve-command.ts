/**
 * `async-django serve` in processes of its own.
 *
 * @module
 */
import { Child } from './_child.ts'
import type { CliCall, CliLine } from './fixtures/cli-process.ts'
import { serviceToken } from './_session-service.ts'

/** A session service that can be brought down at any moment. */
export class ServeCommand {
  readonly #call: CliCall
  #child: Child | null = null

  /** @param port - Where it is each time that it is started. */
  constructor(store: string, port: number) {
    this.#call = {
      args: ['serve', '--port', String(port)],
      env: { ASYNC_DJANGO_STORE: store, ASYNC_DJANGO_TOKENS: serviceToken },
    }
  }

  /** Answers what it said once it listened. */
  async start(): Promise<string> {
    this.#child = new Child(new URL('fixtures/cli-process.ts', import.meta.url), this.#call)
    const { line } = await this.#child.receive<CliLine>()
    return line
  }

  async kill(): Promise<void> {
    this.#child?.kill()
    await this.#child?.gone()
  }

  /** Asks it to end, and waits until it did. @throws Where it failed. */
  async end(): Promise<void> {
    this.#child?.terminate()
    await this.#child?.end()
  }
}
