/**
 * Checks of `Cookie` headers and of cookie values. The quoting of a value, and the reading of one
 * cookie alone, have no public door: they are taken from `http/`.
 *
 * @module
 */
import { parseCookies } from 'async-django'

import { readCookie } from '../../../src/http/cookies.ts'
import { quoteCookieValue } from '../../../src/http/response-headers.ts'
import { type Check, fieldsOf, same, text, type Vector } from '../vector.ts'

/** Checkers by kind. */
export const cookieChecks: Readonly<Record<string, Check>> = {
  'cookie.parse': checkParse,
  'cookie.value_encode': checkValueEncode,
}

function checkParse({ input, output }: Vector): void {
  const header = text(input, 'header')
  const cookies = fieldsOf(output, 'cookies')
  const parsed = parseCookies(header)
  same('cookies', Object.fromEntries(parsed), cookies)
  // Nobody asks for a cookie without a name.
  for (const name of [...parsed.keys(), 'absent'].filter(Boolean)) {
    same(name, readCookie(header, name)?.value, cookies[name])
  }
}

function checkValueEncode({ input, output }: Vector): void {
  const encoded = quoteCookieValue(text(input, 'value'))
  same('encoded', encoded, output['encoded'])
  same('read', parseCookies(`a=1; name=${encoded}`).get('name'), input['value'])
}
