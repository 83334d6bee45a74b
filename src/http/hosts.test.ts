import { afterEach, describe, expect, test, vi } from 'vitest'

import { FakeExchange, type FakeRequest } from '../../test/conformance/fake-exchange.ts'
import { Diagnostics } from '../diagnostics.ts'
import { DisallowedHostError } from '../errors.ts'
import { type DjangoSettings, readRelease, resolveSettings, type Settings } from '../settings.ts'
import {
  checkHostSettings,
  getHost,
  getPort,
  isSecure,
  splitDomainPort,
  validateHost,
  warnOfUndeclaredProxy,
} from './hosts.ts'
import { platform } from '#platform'

afterEach(() => vi.restoreAllMocks())

function settingsWith(given: Partial<DjangoSettings>): Settings {
  return resolveSettings({ secretKey: 'key', ...given }, readRelease('6.1'))
}

function inProduction(): void {
  vi.spyOn(platform, 'isProduction').mockReturnValue(true)
}

// What split_domain_port answers.
test.each([
  ['example.com', 'example.com', ''],
  ['EXAMPLE.com:8000', 'example.com', '8000'],
  ['example.com.', 'example.com', ''],
  ['example.com.:80', 'example.com', '80'],
  ['[::1]', '[::1]', ''],
  ['[::1]:8000', '[::1]', '8000'],
  ['[::ffff:1.2.3.4]', '[::ffff:1.2.3.4]', ''],
  ['', '', ''],
  ['example.com:', '', ''],
  ['example.com:a', '', ''],
  ['a@example.com', '', ''],
  ['example.com/a', '', ''],
  ['ex_ample.com', '', ''],
  ['\u00e9xample.com', '', ''],
  ['example.com\n', '', ''],
  ['[]', '', ''],
])('splits %j', (host, domain, port) => {
  expect(splitDomainPort(host)).toEqual({ domain, port })
})

// What validate_host answers.
test.each([
  ['example.com', ['example.com'], true],
  ['example.com', ['EXAMPLE.com'], true],
  ['a.example.com', ['example.com'], false],
  ['a.example.com', ['.example.com'], true],
  ['example.com', ['.example.com'], true],
  ['xexample.com', ['.example.com'], false],
  ['anything', ['*'], true],
  ['example.com', ['*.com'], false],
  ['example.com', [''], false],
  ['example.com', [], false],
])('validates %j against %j: %s', (domain, allowed, isValid) => {
  expect(validateHost(domain, allowed)).toBe(isValid)
})

/** Null where it is refused. */
function hostOf(exchange: FakeExchange, settings: Settings): string | null {
  try {
    return getHost(exchange, settings)
  } catch (error) {
    if (error instanceof DisallowedHostError) return null
    throw error
  }
}

describe('getHost', () => {
  test.each<[Partial<DjangoSettings>, FakeRequest, string | null]>([
    [{}, { host: 'localhost:8000' }, 'localhost:8000'],
    [{}, { host: 'a.localhost' }, 'a.localhost'],
    [{}, { host: '[::1]:8000' }, '[::1]:8000'],
    [{}, { host: 'example.com' }, null],
    [{ allowedHosts: ['example.com'] }, { host: 'Example.com' }, 'Example.com'],
    [{ allowedHosts: ['example.com'] }, { host: 'localhost' }, null],
    [{ allowedHosts: ['*'] }, { host: 'a b' }, null],
    [
      { allowedHosts: ['example.com'] },
      { host: '10.0.0.1', headers: { 'x-forwarded-host': 'example.com' } },
      null,
    ],
    [
      { allowedHosts: ['example.com'], useXForwardedHost: true },
      { host: '10.0.0.1', headers: { 'x-forwarded-host': 'example.com' } },
      'example.com',
    ],
    [
      { allowedHosts: ['example.com'], useXForwardedHost: true },
      { host: 'example.com' },
      'example.com',
    ],
  ])('with %j of %j', (given, request, host) => {
    expect(hostOf(new FakeExchange(request), settingsWith(given))).toBe(host)
  })

  test('knows no localhost in production', () => {
    inProduction()
    const exchange = new FakeExchange({ host: 'localhost' })
    expect(() => getHost(exchange, settingsWith({}))).toThrow('Is "localhost" missing')
  })
})

test.each<[Partial<DjangoSettings>, FakeRequest, string]>([
  [{}, { scheme: 'http', host: 'a' }, '80'],
  [{}, { scheme: 'https', host: 'a' }, '443'],
  [{}, { host: 'a:8000' }, '8000'],
  [{}, { host: '@:8000' }, '443'],
  [{}, { host: 'a', headers: { 'x-forwarded-port': '8443' } }, '443'],
  [{ useXForwardedPort: true }, { host: 'a', headers: { 'x-forwarded-port': '8443' } }, '8443'],
])('the port with %j of %j is %s', (given, request, port) => {
  expect(getPort(new FakeExchange(request), settingsWith(given))).toBe(port)
})

test.each<[string | null, 'http' | 'https', boolean]>([
  [null, 'http', false],
  [null, 'https', true],
  ['https', 'http', true],
  [' https , http', 'http', true],
  ['http', 'https', false],
  ['http, https', 'https', false],
  ['HTTPS', 'http', false],
  ['', 'https', false],
])('a proxy that says %j over %s is secure: %s', (proto, scheme, secure) => {
  const exchange = new FakeExchange({ scheme, headers: { 'x-forwarded-proto': proto } })
  const settings = settingsWith({ secureProxySslHeader: ['HTTP_X_FORWARDED_PROTO', 'https'] })
  expect(isSecure(exchange, settings)).toBe(secure)
  expect(isSecure(exchange, settingsWith({}))).toBe(scheme === 'https')
})

describe('checkHostSettings', () => {
  test.each<[unknown, string]>([
    [{ allowedHosts: [1] }, 'allowedHosts'],
    [{ secureProxySslHeader: 'HTTP_X_FORWARDED_PROTO' }, 'secureProxySslHeader'],
    [{ secureProxySslHeader: ['HTTP_X_FORWARDED_PROTO'] }, 'secureProxySslHeader'],
    [{ secureProxySslHeader: ['X-Forwarded-Proto', 'https'] }, 'secureProxySslHeader'],
  ])('refuses %j', (given, setting) => {
    expect(() => {
      checkHostSettings(settingsWith(given as Partial<DjangoSettings>))
    }).toThrow(expect.objectContaining({ code: 'ERR_IMPROPERLY_CONFIGURED', setting }))
  })

  test('wants hosts in production', () => {
    checkHostSettings(settingsWith({}))
    inProduction()
    expect(() => {
      checkHostSettings(settingsWith({}))
    }).toThrow(/^allowedHosts/)
    checkHostSettings(settingsWith({ allowedHosts: ['*'] }))
  })
})

test.each<[Partial<DjangoSettings>, FakeRequest, boolean]>([
  [{}, { headers: { 'x-forwarded-proto': 'https' } }, true],
  [{}, { headers: { forwarded: 'for=1.2.3.4; proto=https' } }, true],
  [{}, { host: 'a', headers: { origin: 'https://a' } }, true],
  [{}, { host: 'a', headers: { origin: 'https://b' } }, false],
  [{}, { headers: { 'x-forwarded-proto': 'http' } }, false],
  [{}, {}, false],
  [{}, { scheme: 'https', headers: { 'x-forwarded-proto': 'https' } }, false],
  [
    { secureProxySslHeader: ['HTTP_X_FORWARDED_PROTO', 'https'] },
    { headers: { forwarded: 'proto=https' } },
    false,
  ],
])('with %j and %j it warns of a proxy: %s', (given, request, warns) => {
  const warn = vi.spyOn(platform, 'warn').mockReturnValue()
  const diagnostics = new Diagnostics()
  const told: string[] = []
  diagnostics.on('proxy.undeclared', ({ host }) => told.push(host))
  const exchange = new FakeExchange({ scheme: 'http', ...request })
  warnOfUndeclaredProxy(exchange, settingsWith(given), diagnostics)
  expect(warn.mock.calls.map(([code]) => code)).toEqual(warns ? ['proxy.undeclared'] : [])
  expect(told).toHaveLength(warns ? 1 : 0)
})
