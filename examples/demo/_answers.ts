/**
 * Checks of the answers themselves: cookies, headers, markup, and what must be refused.
 *
 * @module
 */
import { equal, type Visit } from './_visit.ts'

/** All servers answer as the first one does: Django, where it is there. */
export async function checkAnswers(visit: Visit): Promise<void> {
  await checkNewVisitors(visit)
  await visit.press(visit.names[0] ?? '', '/count')
  await checkCookies(visit)
  await checkSamePage(visit)
  await checkRefusals(visit)
}

/** Who only looks gets no session. */
async function checkNewVisitors(visit: Visit): Promise<void> {
  await visit.row('a look alone makes no session', async (name) => {
    const another = visit.another()
    await another.page(name)
    return equal(await another.browser.cookie(another.url(name), 'sessionid'), null)
  })
}

async function checkCookies(visit: Visit): Promise<void> {
  let expected: string | null = null
  await visit.row('attributes of the cookie', async (name) => {
    const answer = await visit.press(name, '/count')
    const cookie = answer.headers.getSetCookie().find((each) => each.startsWith('sessionid='))
    const attributes = withoutValues(cookie ?? 'no cookie')
    return equal(attributes, (expected ??= attributes))
  })
  await visit.row('Vary', async (name) => {
    const { headers } = await visit.page(name)
    return equal(headers.get('vary'), 'Cookie')
  })
  await visit.row('key and end of the session', async (name) => {
    const [first = ''] = visit.names
    const { key, expires } = await visit.shown(name)
    const reference = await visit.shown(first)
    const { isGood } = equal([key, expires], [reference.key, reference.expires])
    return { isGood, text: `${key?.slice(0, 4) ?? 'none'}… ${expires ?? 'no end'}` }
  })
}

/** The value and the moment differ from one answer to the next. */
function withoutValues(cookie: string): string {
  return cookie
    .replace(/^sessionid=[a-z0-9]{32};/, 'sessionid;')
    .replace(/expires=[^;]+;/, 'expires;')
}

/** One page: all that differs is which server shows it. */
async function checkSamePage(visit: Visit): Promise<void> {
  let expected: string | null = null
  await visit.row('the same page', async (name) => {
    const markup = commonMarkup((await visit.page(name)).body)
    const isGood = markup === (expected ??= markup)
    return { isGood, text: isGood ? `${markup.length} characters` : difference(markup, expected) }
  })
  for (const path of ['/log-in', '/register']) await checkSameForm(visit, path)
}

/** Django's forms write more attributes than anybody needs; what a person reads is the same. */
async function checkSameForm(visit: Visit, path: string): Promise<void> {
  let expected: string[] | null = null
  await visit.row(`the same form at ${path}`, async (name) => {
    const { body } = await visit.browser.open(visit.url(name, path))
    const parts = body.matchAll(/<(?:h1|label|button|p class="lead")[^>]*>[^<]*|(?<= )name="\w+"/g)
    const texts = [...parts].map(([part]) => part.replace(/\s+/g, ' ').trim()).toSorted()
    return equal(texts, (expected ??= texts))
  })
}

function commonMarkup(body: string): string {
  const main = /<main>([^]*)<\/main>/.exec(body)?.[1] ?? ''
  return main
    .replace(/<input type="hidden" name="csrfmiddlewaretoken"[^>]*>/g, '')
    .replace(/<em>.*?<\/em>/, '')
    .replace(/(<dt>Shown by<\/dt>\s*<dd>).*?(<\/dd>)/, '$1$2')
    .replace(/\s+/g, ' ')
    .replace(/ ?\/>/g, '>')
    .replace(/ ?([<>]) ?/g, '$1')
    .trim()
}

function difference(a: string, b: string): string {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return `…${a.slice(Math.max(at - 20, 0), at + 40)}… where another has …${b.slice(at, at + 40)}…`
}

async function checkRefusals(visit: Visit): Promise<void> {
  await visit.row('what is no JSON is refused', async (name) => {
    const before = (await visit.shown(name)).data
    const page = await visit.page(name)
    const { status, body } = await visit.browser.submit(page, '/add', { key: 'x', value: '{bad' })
    const isTold = body.includes('role="alert"') && />\s*\{bad<\/textarea>/.test(body)
    return equal([status, isTold, (await visit.shown(name)).data], [400, true, before])
  })
}
