/**
 * Servers in processes of their own, that live and end together.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How to start a server. It prints `ready` when requests can come, and ends with its standard input. */
export interface ServerCommand {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

const readyTimeoutMs = 60_000
const stopTimeoutMs = 3000

/** A group of servers. */
export class Servers {
  readonly #children = new Map<string, ChildProcess>()
  #isStopping = false
  #reportEnd: (message: string) => void = () => {}

  /** Comes true, with the reason, when a server ends that nobody stopped. */
  readonly ended: Promise<string> = new Promise((resolve) => {
    this.#reportEnd = resolve
  })

  /** Starts a server and waits until it is ready. Answers null, or why it is not. */
  start({ name, command, args, cwd, env }: ServerCommand): Promise<string | null> {
    const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.set(name, child)
    // A server that died cannot be written to; its exit tells why.
    child.stdin.on('error', () => {})
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        resolve(`${name} was not ready within ${readyTimeoutMs / 1000} s.`)
      }, readyTimeoutMs)
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line !== 'ready') return console.log(line)
        clearTimeout(timer)
        resolve(null)
      })
      const end = (reason: string): void => {
        clearTimeout(timer)
        const message = `${name} ended: ${reason}.`
        resolve(message)
        if (!this.#isStopping) this.#reportEnd(message)
      }
      child.once('error', (error) => end(error.message))
      child.once('exit', (code, signal) => end(signal ?? `exit code ${String(code)}`))
    })
  }

  /** Ends all servers, in any case within a few seconds. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#children.values()].map(stopChild))
  }
}

function stopChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill()
  })
}
