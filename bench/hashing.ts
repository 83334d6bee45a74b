/**
 * What else a server can do while passwords are checked: how late its event loop is, and how long
 * files and names take. `npm run bench -- hashing`, with the number of checks and of iterations
 * behind it, 50 and 1,000,000 by default.
 *
 * @module
 */
import { pbkdf2, pbkdf2Sync } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

import { createPasswordHashing } from '../src/auth/password-hashing.ts'
import { readCounts } from './_arguments.ts'

const probeEveryMs = 25
const [checks, iterations] = readCounts([50, 1_000_000], [10, 100_000])

/** Milliseconds that something took, the longest last. */
class Times {
  readonly #sorted: number[] = []

  async measure(run: () => Promise<unknown>): Promise<void> {
    const start = performance.now()
    await run()
    this.#sorted.push(performance.now() - start)
    this.#sorted.sort((a, b) => a - b)
  }

  at(share: number): string {
    const index = Math.min(Math.floor(this.#sorted.length * share), this.#sorted.length - 1)
    return (this.#sorted[index] ?? Number.NaN).toFixed(1)
  }
}

interface Way {
  readonly name: string
  /** Starts all checks at once, and waits for them. */
  run(): Promise<unknown>
}

const salt = 'abcdefghijklmnopqrstuv'
const derive = promisify(pbkdf2)
const hashing = createPasswordHashing({
  hasherParameters: { PBKDF2PasswordHasher: { iterations } },
})
const encoded = `pbkdf2_sha256$${iterations}$${salt}$`
const all = (check: (index: number) => unknown): Promise<unknown> =>
  Promise.all(Array.from({ length: checks }, (_, index) => check(index)))

const ways: readonly Way[] = [
  { name: 'nothing', run: () => sleep(2000) },
  {
    name: 'checkPassword',
    run: () => all((index) => hashing.checkPassword('wrong', encoded, { userName: `u${index}` })),
  },
  {
    name: 'crypto.pbkdf2, all at once',
    run: () => all(() => derive('wrong', salt, iterations, 32, 'sha256')),
  },
  {
    name: 'crypto.pbkdf2Sync, one a turn',
    async run() {
      for (let index = 0; index < checks; index++) {
        pbkdf2Sync('wrong', salt, iterations, 32, 'sha256')
        await sleep(0)
      }
    },
  },
]

/** Runs a way, and asks the file system and the resolver again and again meanwhile. */
async function measure({ name, run }: Way, file: string): Promise<Record<string, string>> {
  const [files, names] = [new Times(), new Times()]
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const stop = new AbortController()
  const probe = async (times: Times, ask: () => Promise<unknown>): Promise<void> => {
    while (!stop.signal.aborted) {
      await times.measure(ask)
      await sleep(probeEveryMs)
    }
  }
  const probes = [probe(files, () => readFile(file)), probe(names, () => lookup('localhost'))]
  delay.enable()
  const start = performance.now()
  await run()
  const seconds = (performance.now() - start) / 1000
  delay.disable()
  stop.abort()
  await Promise.all(probes)
  const late = (percentile: number): string => (delay.percentile(percentile) / 1e6 - 1).toFixed(1)
  return {
    'while there runs': name,
    s: seconds.toFixed(1),
    'loop p50': late(50),
    'loop p99': late(99),
    'loop max': (delay.max / 1e6 - 1).toFixed(1),
    'file p50': files.at(0.5),
    'file p99': files.at(0.99),
    'name p50': names.at(0.5),
    'name p99': names.at(0.99),
  }
}

const folder = await mkdtemp(join(tmpdir(), 'async-django-bench-'))
try {
  const file = join(folder, 'one-kilobyte')
  await writeFile(file, Buffer.alloc(1024))
  const rows: Record<string, string>[] = []
  for (const way of ways) rows.push(await measure(way, file))
  console.log(
    `${checks} checks of ${iterations} iterations; s in seconds, the rest in milliseconds`,
  )
  console.table(rows)
} finally {
  await rm(folder, { recursive: true })
}
