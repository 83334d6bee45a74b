/**
 * Under which keys Django's cache engines keep sessions.
 *
 * @module
 */
import { ImproperlyConfiguredError } from '../errors.ts'

/** `KEY_FUNCTION` of Django's `CACHES`: the key of the cache, of the key that is asked for. */
export type CacheKeyFunction = (key: string, keyPrefix: string, version: number | string) => string

/** What Django's `CACHES` says of keys. */
export interface CacheKeyOptions {
  /** `KEY_PREFIX`. Default none. */
  readonly keyPrefix?: string
  /** `VERSION`. Default 1. */
  readonly version?: number | string
  /** `KEY_FUNCTION`. Default Django's: prefix, version and key, with colons between them. */
  readonly keyFunction?: CacheKeyFunction
}

/** The engines of Django that keep sessions in a cache, by what their keys begin with. */
export type CacheEngine = 'cache' | 'cached_db'

/**
 * Makes keys of the cache from keys of sessions. Mirrors `SessionStore.cache_key` of
 * `django.contrib.sessions.backends.cache` and `cached_db`, and `BaseCache.make_key`.
 *
 * @throws ImproperlyConfiguredError for an option of another type.
 */
export function cacheKeys(
  engine: CacheEngine,
  options: CacheKeyOptions = {},
): (sessionKey: string) => string {
  const { keyPrefix = '', version = 1, keyFunction = defaultKeyFunction } = options
  if (typeof keyPrefix !== 'string') throw new ImproperlyConfiguredError('keyPrefix', 'is a text.')
  if (typeof version !== 'string' && !Number.isSafeInteger(version)) {
    throw new ImproperlyConfiguredError('version', 'is a whole number or a text.')
  }
  if (typeof keyFunction !== 'function') {
    throw new ImproperlyConfiguredError('keyFunction', 'is a function.')
  }
  const start = `django.contrib.sessions.${engine}`
  return (sessionKey) => keyFunction(start + sessionKey, keyPrefix, version)
}

/** Mirrors `django.core.cache.backends.base.default_key_func`. */
export function defaultKeyFunction(
  key: string,
  keyPrefix: string,
  version: number | string,
): string {
  return `${keyPrefix}:${version}:${key}`
}
