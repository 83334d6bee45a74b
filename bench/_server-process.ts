/**
 * A server in a process of its own.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { projectRoot } from '../tools/_root.ts'

/** A server that runs. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** Starts `server.ts`. @throws Error where it ends before it listens. */
  static async start(args: readonly string[]): Promise<ServerProcess> {
    const child = fork(join(projectRoot, 'build/bench/server.js'), args)
    const { port } = await tell<{ port: number }>(child)
    return new ServerProcess(child, port)
  }

  /** Microseconds of the processor since it started, its own threads included. */
  async cpu(): Promise<number> {
    this.#child.send('cpu')
    const { cpu } = await tell<{ cpu: number }>(this.#child)
    return cpu
  }

  /** What it answers. @throws Error for anything but a 200. */
  async ask(path: string, cookie: string): Promise<string> {
    const response = await this.request(path, cookie)
    return response.text()
  }

  /** The same with its headers. */
  async request(path: string, cookie: string): Promise<Response> {
    const headers = { cookie }
    const response = await fetch(`http://127.0.0.1:${this.port}/${path}`, { headers })
    if (!response.ok) throw new Error(`/${path} answers ${response.status}.`)
    return response
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }
}

/** The cookie that a response sets, as a request has it; null where it sets none. */
export function cookieSetBy(response: Response): string | null {
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? null
}

async function tell<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController()
  const end = (): void => ended.abort(new Error('The server has ended.'))
  child.once('exit', end)
  try {
    const [message] = (await once(child, 'message', { signal: ended.signal })) as [T]
    return message
  } finally {
    child.off('exit', end)
  }
}
