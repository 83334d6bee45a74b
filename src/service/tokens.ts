/**
 * Who may use the session service.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'
import { platform } from '#platform'

/** What a token allows. */
export type Access = 'none' | 'read' | 'write'

/** The least that a token is long: less can be guessed. */
const shortest = 32

/** Any byte that a header may hold, spaces apart. */
const tokenText = /^[\u0021-\u007e]+$/

interface KnownToken {
  readonly digest: string
  readonly access: Access
}

/** The tokens that the service takes. Kept as digests, which are compared in constant time. */
export class Tokens {
  readonly #known: readonly KnownToken[]

  /** @throws ImproperlyConfiguredError for a token that is none, or where there is none. */
  constructor(tokens: readonly string[], readOnlyTokens: readonly string[]) {
    this.#known = [
      ...tokens.map((token) => known('tokens', token, 'write')),
      ...readOnlyTokens.map((token) => known('readOnlyTokens', token, 'read')),
    ]
    if (this.#known.length === 0) {
      throw new ImproperlyConfiguredError('tokens', 'the service needs at least one token.')
    }
  }

  /** What a request with this `Authorization` may do. Takes as long whatever the token is. */
  accessOf(authorization: string | null): Access {
    const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1] ?? ''
    const digest = digestOf(token)
    let access: Access = 'none'
    for (const one of this.#known) {
      const isIt = platform.timingSafeEqual(one.digest, digest)
      if (isIt && access !== 'write') access = one.access
    }
    return access
  }
}

function known(setting: string, token: unknown, access: Access): KnownToken {
  if (typeof token !== 'string' || token.length < shortest || !tokenText.test(token)) {
    throw new ImproperlyConfiguredError(
      setting,
      `each must be at least ${shortest} printable ASCII characters: openssl rand -base64 32.`,
    )
  }
  return { digest: digestOf(token), access }
}

/** Digests are of one length, so that the comparison tells nothing of the token's. */
function digestOf(token: string): string {
  return platform.encodeHex(platform.hash('sha256', platform.encodeUtf8(token)))
}
