/**
 * Load on a server: requests over so many connections, each sent when the one before it on its
 * connection is answered. By `wrk` where it is installed, else by `load.ts`.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { projectRoot } from '../tools/_root.ts'

const run = promisify(execFile)

/** What to send. */
export interface Load {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly seconds: number
  /** Where `saveCookies()` put them: each request has a random one. */
  readonly cookies: string
}

/** What came of it. */
export interface Sent {
  readonly requests: number
  /** Seconds that it took. */
  readonly seconds: number
}

/** Sends load. @throws Error where anything but a 200 comes back. */
export type LoadGenerator = (load: Load) => Promise<Sent>

/** The one to use here, and its name. */
export async function findLoadGenerator(): Promise<{ name: string; send: LoadGenerator }> {
  return (await hasWrk()) ? { name: 'wrk', send: sendByWrk } : { name: 'load.ts', send: sendByNode }
}

/** Told its version, wrk ends with a failure all the same. */
function hasWrk(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('wrk', ['-v'], (_error, output) => resolve(output.startsWith('wrk')))
  })
}

/** Writes `Cookie` headers where load generators find them. */
export function saveCookies(cookies: readonly string[]): string {
  const file = join(mkdtempSync(join(tmpdir(), 'async-django-cookies-')), 'cookies')
  writeFileSync(file, cookies.join('\n'))
  return file
}

const wrkScript = (cookies: string): string => `
local requests = {}
function init()
  math.randomseed(os.time())
  for cookie in io.lines('${cookies}') do
    wrk.headers['Cookie'] = cookie
    requests[#requests + 1] = wrk.format()
  end
end
function request()
  return requests[math.random(#requests)]
end
function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('{"requests":%d,"us":%d,"failed":%d}', summary.requests, summary.duration, failed))
end`

async function sendByWrk({ port, path, connections, seconds, cookies }: Load): Promise<Sent> {
  const script = join(mkdtempSync(join(tmpdir(), 'async-django-wrk-')), 'requests.lua')
  writeFileSync(script, wrkScript(cookies))
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script]
  const { stdout } = await run('wrk', [...options, `http://127.0.0.1:${port}/${path}`])
  return read(stdout.slice(stdout.lastIndexOf('{"requests"')))
}

async function sendByNode({ port, path, connections, seconds, cookies }: Load): Promise<Sent> {
  const program = join(projectRoot, 'build/bench/load.js')
  const numbers = [port, connections, seconds].map(String)
  const { stdout } = await run(process.execPath, [program, path, cookies, ...numbers])
  return read(stdout)
}

function read(text: string): Sent {
  const { requests, us, failed } = JSON.parse(text) as Record<string, number>
  if (failed !== 0 || !requests || !us) throw new Error(`The load failed: ${text}`)
  return { requests, seconds: us / 1e6 }
}
