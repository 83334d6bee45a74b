/**
 * Histories: what visitors do on a site, step by step, and how the site is set up.
 *
 * Every step can be left out of a history, and what is left still is one: a step about a request
 * that is not open, or about a visitor without a session, does nothing.
 *
 * @module
 */

/** Who carries a step out, where there are two. */
export type Side = 'django' | 'us'

/** How a browser, or somebody else, writes the cookie. */
export type CookieForm = 'plain' | 'among others' | 'twice' | 'quoted'

/** What stands in a row that nobody can read. */
export type Spoiled = 'garbage' | 'other secret' | 'no object' | 'no json'

/** What is done with the session of a request. */
export interface Operation {
  readonly name: string
  readonly given: Readonly<Record<string, unknown>>
  /** On our side: without loading the session first. */
  readonly isLazy: boolean
}

/** A step. */
export type Step =
  | {
      readonly do: 'open'
      readonly request: number
      readonly side: Side
      readonly visitor: number
      readonly form: CookieForm
    }
  | ({ readonly do: 'operate'; readonly request: number } & Operation)
  | { readonly do: 'close'; readonly request: number; readonly status: number }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'clearExpired'; readonly side: Side }
  /** The session of a visitor is deleted, by an administrator or another device. */
  | { readonly do: 'end'; readonly visitor: number; readonly side: Side }
  | { readonly do: 'spoil'; readonly visitor: number; readonly how: Spoiled }
  /** A visitor comes with this cookie from here on. */
  | { readonly do: 'forge'; readonly visitor: number; readonly cookie: string }
  | { readonly do: 'changePassword'; readonly user: string; readonly password: string }
  /** The secret becomes a former one. */
  | { readonly do: 'rotate' }

/** Django's settings, by its names. */
export type HistorySettings = Readonly<Record<string, string | number | boolean | null>>

/** A history. */
export interface History {
  readonly settings: HistorySettings
  /** When it begins, in seconds since 1970. */
  readonly begin: number
  readonly steps: readonly Step[]
}

/** The secrets that a history has, before its first rotation and after each. */
export function secretsAt(rotations: number): { key: string; fallbacks: readonly string[] } {
  const name = (n: number): string => `secret number ${n} of all histories`
  const fallbacks = Array.from({ length: rotations }, (_, n) => name(rotations - 1 - n))
  return { key: name(rotations), fallbacks }
}

/** A history as lines that can be read. */
export function describeHistory({ settings, begin, steps }: History): string {
  const head = `settings ${JSON.stringify(settings)}, from ${new Date(begin * 1000).toISOString()}`
  return [head, ...steps.map((step, at) => `${at}: ${JSON.stringify(step)}`)].join('\n')
}
