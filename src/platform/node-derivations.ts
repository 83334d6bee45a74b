/**
 * Derivations of keys from passwords, from `node:crypto`: a file of its own, which only those load
 * who have passwords.
 *
 * @module
 */
import crypto, { pbkdf2, scrypt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'

import type { Argon2Derivation, Derivations } from './platform.ts'

/** Threads that files, DNS and zlib keep for themselves. */
const threadsForOthers = 2

/** The derivations of Node. */
export const derivations: Derivations = {
  async pbkdf2({ password, salt, iterations, size, algorithm }) {
    return derivePbkdf2(password, salt, iterations, size, algorithm)
  },
  async scrypt({ password, salt, size, workFactor, blockSize, parallelism, maxMemory }) {
    const costs = { N: workFactor, r: blockSize, p: parallelism }
    return deriveScrypt(password, salt, size, maxMemory ? { ...costs, maxmem: maxMemory } : costs)
  },
  argon2: findArgon2(),
  mostAtOnce() {
    return Math.max(1, Math.min(availableParallelism(), threadPoolSize() - threadsForOthers))
  },
}

const derivePbkdf2 = promisify(pbkdf2)
const deriveScrypt = promisify<
  Uint8Array,
  Uint8Array,
  number,
  { N: number; r: number; p: number; maxmem?: number },
  Uint8Array
>(scrypt)

/** `crypto.argon2` came with Node 24.7; it knows version 19 of Argon2 only. */
function findArgon2(): Derivations['argon2'] {
  const found: unknown = Reflect.get(crypto, 'argon2')
  if (typeof found !== 'function') return null
  const derive = promisify(found as NodeArgon2)
  return ({ variety, password, salt, size, memory, passes, parallelism }) =>
    derive(variety, {
      message: password,
      nonce: salt,
      tagLength: size,
      memory,
      passes,
      parallelism,
    })
}

type NodeArgon2 = (
  variety: Argon2Derivation['variety'],
  parameters: Readonly<Record<string, Uint8Array | number>>,
  done: (error: Error | null, key: Uint8Array) => void,
) => void

/** What libuv makes of the variable: four threads by default, at most 1,024. */
function threadPoolSize(): number {
  const given = process.env['UV_THREADPOOL_SIZE']
  if (given === undefined) return 4
  return Math.min(Math.max(Number.parseInt(given, 10) || 1, 1), 1024)
}
