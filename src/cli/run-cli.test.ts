import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { runCli } from './run-cli.ts'

const token = 'planted-token-planted-token-planted-token'

/** A run of the program, in this process. */
class Run {
  readonly printed: string[] = []
  readonly complaints: string[] = []
  readonly #stopping = new AbortController()
  readonly #listening: Promise<string>
  readonly code: Promise<number>

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    let tell: (url: string) => void = () => {}
    this.#listening = new Promise((resolve) => {
      tell = resolve
    })
    this.code = runCli(args, {
      env,
      print: (line) => {
        this.printed.push(line)
        tell(/ at (http\S+)$/.exec(line)?.[1] ?? '')
      },
      complain: (line) => this.complaints.push(line),
      stop: this.#stopping.signal,
    })
    onTestFinished(() => this.stop())
  }

  /** Where it listens. */
  url(): Promise<string> {
    return this.#listening
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.code
  }
}

async function fileWith(name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'async-django-cli-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

const statusOf = async (url: string, bearer: string): Promise<number> => {
  const headers = { authorization: `Bearer ${bearer}` }
  return (await fetch(`${url}/sessions/abcdefgh`, { headers })).status
}

test.each([[[]], [['--help']], [['-h']]])('%j names the commands', async (args) => {
  const run = new Run(args)
  expect(await run.code).toBe(0)
  expect(run.printed.join('\n')).toMatch(/^ {2}serve /m)
})

test('a command names its options', async () => {
  const run = new Run(['serve', '--help'])
  expect(await run.code).toBe(0)
  expect(run.printed.join('\n')).toMatch(/--port <…> +default 8787/)
})

describe('serve', () => {
  test('serves until it is asked to end', async () => {
    const env = { ASYNC_DJANGO_STORE: 'memory:', ASYNC_DJANGO_TOKENS: token }
    const run = new Run(['serve', '--port', '0'], env)
    const url = await run.url()
    expect(await statusOf(url, token)).toBe(404)
    expect(await statusOf(url, 'x'.repeat(40))).toBe(401)
    await run.stop()
    expect(await run.code).toBe(0)
    expect(run.printed.at(-1)).toBe('Ended.')
    await expect(fetch(url)).rejects.toThrow('fetch failed')
    expect(run.complaints).toEqual([])
  })

  test('takes tokens from files', async () => {
    const reading = 'r'.repeat(40)
    const run = new Run([
      'serve',
      '--port=0',
      '--store=memory:',
      `--tokens-file=${await fileWith('tokens', `# of the shop\n${token}\n\n  ${'o'.repeat(40)}\n`)}`,
      `--read-only-tokens-file=${await fileWith('reading', `${reading}\n`)}`,
    ])
    const url = await run.url()
    for (const one of [token, 'o'.repeat(40), reading]) expect(await statusOf(url, one)).toBe(404)
    const headers = { authorization: `Bearer ${reading}` }
    expect((await fetch(`${url}/sessions/abcdefgh`, { method: 'DELETE', headers })).status).toBe(
      403,
    )
  })

  test('takes the store of a module, and closes it', async () => {
    const file = await fileWith(
      'store.mjs',
      `export const store = () => ({
        name: 'mine', codec: {}, can: { compareAndSwap: true, revoke: true, touch: true },
        load: async () => ({ payload: 'mine', expireDate: null }),
      })
      export const close = () => { globalThis.closedByCli = true }`,
    )
    const run = new Run(['serve', '--port=0', '--store', file], { ASYNC_DJANGO_TOKENS: token })
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${await run.url()}/sessions/abcdefgh`, { headers })
    expect(await answer.text()).toBe('mine')
    await run.stop()
    expect(Reflect.get(globalThis, 'closedByCli')).toBe(true)
  })

  test('warns of a password that everybody can read, and does not repeat it', async () => {
    const store = 'postgres://planted:planted-password@127.0.0.1:1/planted'
    const run = new Run(['serve', '--port=0', '--store', store], { ASYNC_DJANGO_TOKENS: token })
    const url = await run.url()
    expect(run.complaints[0]).toMatch(/ASYNC_DJANGO_STORE/)
    expect(await statusOf(url, token)).toBe(503)
    expect((await fetch(`${url}/ready`)).status).toBe(503)
    await run.stop()
    const told = [...run.printed, ...run.complaints].join('\n')
    expect(told).toMatch(/^GET was answered 503: /m)
    expect(told).not.toMatch(/planted-/)
    expect(told).not.toMatch(/abcdefgh/)
  })
})

describe('a wrong use', () => {
  const env = { ASYNC_DJANGO_STORE: 'memory:', ASYNC_DJANGO_TOKENS: token }

  test.each([
    ['an unknown command', ['steal'], env],
    ['an unknown option', ['serve', '--token', 'planted-secret'], env],
    ['more than options', ['serve', 'planted-secret'], env],
    ['no store', ['serve'], { ASYNC_DJANGO_TOKENS: token }],
    ['an unknown store', ['serve', '--store', 'mongodb://planted-secret@x'], env],
    ['a port that is none', ['serve', '--port', 'planted-secret'], env],
    ['a file that is not there', ['serve', '--tokens-file', '/planted-secret'], env],
    ['half of TLS', ['serve', '--tls-cert', '/planted-secret'], env],
  ])('%s is told, without its value', async (_, args, environment) => {
    const run = new Run(args, environment)
    expect(await run.code).toBe(2)
    expect(run.complaints.length).toBeGreaterThan(0)
    expect([...run.printed, ...run.complaints].join('\n')).not.toMatch(/planted-secret/)
  })

  test.each([
    ['no token', { ASYNC_DJANGO_STORE: 'memory:' }],
    ['a short token', { ...env, ASYNC_DJANGO_TOKENS: 'planted-short' }],
  ])('%s ends it', async (_, environment) => {
    const run = new Run(['serve', '--port=0'], environment)
    expect(await run.code).toBe(1)
    expect(run.complaints.join('\n')).toMatch(/tokens: /)
    expect(run.complaints.join('\n')).not.toMatch(/planted/)
  })
})
