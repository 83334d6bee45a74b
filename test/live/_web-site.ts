/**
 * A Django site and one of ours over one database, both over HTTP, and visitors who go to both.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { createDjango, type Django, type DjangoSettings } from 'async-django'
import { csrf, getCsrfToken } from 'async-django/csrf'
import { isAsyncDjangoError } from 'async-django/errors'
import { djangoExpress } from 'async-django/express'
import { addMessage, getMessages, type Message, messages } from 'async-django/messages'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import { CookieJar } from 'tough-cookie'
import { afterAll, beforeAll, describe } from 'vitest'

import { pythonVariables } from '../../tools/_python.ts'
import { secretKey } from './_beside.ts'
import { type DjangoEngine, hasEngine, type LiveDatabase, makeDatabase } from './_databases.ts'
import { type LiveRelease, liveReleases } from './_pythons.ts'

/** A message that is to be added. */
export type NewMessage = Pick<Message, 'level' | 'message' | 'extraTags' | 'safe'>

/** Settings of both sides, by our names. */
export type WebSettings = Omit<DjangoSettings, 'secretKey'>

/** A site of either kind, as visitors see it. */
export interface WebSite {
  readonly url: string
  /** What requests bring for the settings of the test. */
  readonly headers: Readonly<Record<string, string>>
}

/** Both sites. */
export interface WebSites {
  readonly theirs: WebSite
  readonly ours: WebSite
}

/** Defines tests for one variant of the settings. The sites are there once a test runs. */
export type DefineTests = (settings: WebSettings, sites: () => WebSites) => void

interface ServedSite extends WebSite {
  close(): Promise<void>
}

const program = fileURLToPath(new URL('web_site.py', import.meta.url))
const engines: readonly DjangoEngine[] = ['sqlite3', 'postgresql', 'mysql']

/** Defines tests for every release and engine. @param settings - One variant after the other. */
export async function describeWebSites(
  settings: Readonly<Record<string, WebSettings>>,
  define: DefineTests,
): Promise<void> {
  const releases = await liveReleases()
  for (const engine of engines) {
    const isThere = await hasEngine(engine)
    for (const release of releases) {
      describe.skipIf(!isThere || release.python === null)(
        `Django ${release.series}, ${engine}`,
        () => {
          describePair(release, engine, settings, define)
        },
      )
    }
  }
}

function describePair(
  release: LiveRelease,
  engine: DjangoEngine,
  variants: Readonly<Record<string, WebSettings>>,
  define: DefineTests,
): void {
  let database: LiveDatabase
  let theirs: ServedSite
  beforeAll(async () => {
    database = await makeDatabase(engine)
    theirs = await serveDjango(release, database)
  })
  afterAll(async () => {
    await theirs?.close()
    await database?.close()
  })
  describe.each(Object.entries(variants))('%s', (_, settings) => {
    let ours: ServedSite
    beforeAll(async () => {
      ours = await serveOurs(release, database, settings)
    })
    afterAll(() => ours?.close())
    define(settings, () => {
      const headers = { 'x-settings': JSON.stringify(djangoSettings(settings)) }
      return { theirs: { url: theirs.url, headers }, ours }
    })
  })
}

/** `csrfUseSessions` is `CSRF_USE_SESSIONS`. */
function djangoSettings(settings: WebSettings): object {
  const named = Object.entries(settings).map(([name, value]) => [
    name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
    value as unknown,
  ])
  return Object.fromEntries(named) as object
}

async function serveDjango({ python }: LiveRelease, { django }: LiveDatabase): Promise<ServedSite> {
  const child = spawn(python ?? '', [program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: pythonVariables(),
  })
  const settings = { SECRET_KEY: secretKey, DATABASES: { default: django } }
  child.stdin.write(`${JSON.stringify(settings)}\n`)
  const [port] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('Django ended before it served.'))),
  ])) as [string]
  return {
    url: `http://127.0.0.1:${port}`,
    headers: {},
    async close() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

async function serveOurs(
  { series }: LiveRelease,
  { db }: LiveDatabase,
  settings: WebSettings,
): Promise<ServedSite> {
  const django = createDjango({
    settings: { ...settings, secretKey, allowedHosts: ['127.0.0.1'] },
    djangoVersion: series,
    store: kyselyStore(db),
    users: kyselyUserStore(db),
    csrf: csrf(),
    messages: messages(),
  })
  const server = createServer(application(django))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers: {},
    async close() {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    },
  }
}

/** The views of `web_site.py`. */
function application(django: Django): Express {
  const app = express().set('env', 'test')
  app.use(djangoExpress(django), express.urlencoded())
  const sendPage = async ({ session }: Request): Promise<string> =>
    `<form><input name="csrfmiddlewaretoken" value="${await getCsrfToken(session)}"></form>`
  app.get('/form', async (request, response) => {
    response.send(await sendPage(request))
  })
  app.all('/form', (request, response) => {
    const said = (request.body as { said?: string } | undefined)?.said ?? ''
    response.send(`accepted ${said}`.trim())
  })
  app.get('/log-in', async (request, response) => {
    await django.users.login(request.session, await django.users.getByNaturalKey('ada'))
    response.send(await sendPage(request))
  })
  app.get('/log-out', async (request, response) => {
    await django.users.logout(request.session)
    response.send('logged out')
  })
  app.get('/add', (request, response) => {
    const { messages: list } = request.query as { readonly messages: string }
    for (const one of JSON.parse(list) as NewMessage[]) {
      const { level, message, extraTags, safe } = one
      addMessage(request.session, level, message, { extraTags, safe })
    }
    response.send('added')
  })
  app.get('/messages', async (request, response) => {
    response.json([...(await getMessages(request.session))])
  })
  const refuse: ErrorRequestHandler = (error, _request, response, next) => {
    if (!isAsyncDjangoError(error)) next(error)
    else response.status(error.status).send(error.message)
  }
  return app.use(refuse)
}

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/** What a request brings beside its address. */
export interface Sending {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly fields?: Readonly<Record<string, string>>
  /** A body that is no urlencoded form. */
  readonly body?: BodyInit
}

/** One browser, with the cookies of both sites: they have one host. */
export class Visitor {
  readonly #jar = new CookieJar()

  /** Sends a request; a POST where there are fields or a body. */
  async send({ url, headers }: WebSite, path: string, sending: Sending = {}): Promise<Answer> {
    const { fields } = sending
    const body = fields ? new URLSearchParams(fields) : sending.body
    const response = await fetch(url + path, {
      method: sending.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...headers, cookie: await this.#jar.getCookieString(url), ...sending.headers },
      ...(body !== undefined && { body }),
    })
    for (const cookie of response.headers.getSetCookie()) await this.#jar.setCookie(cookie, url)
    return { status: response.status, text: await response.text() }
  }

  /** The token in a site's form. */
  async tokenFrom(site: WebSite, path = '/form'): Promise<string> {
    const { text } = await this.send(site, path)
    const [, token] = /name="csrfmiddlewaretoken" value="(\w{64})"/.exec(text) ?? []
    if (token === undefined) throw new Error(`There is no token in ${JSON.stringify(text)}`)
    return token
  }

  /** The value of a cookie; null where there is none. */
  async cookie({ url }: WebSite, name: string): Promise<string | null> {
    const cookies = await this.#jar.getCookies(url)
    return cookies.find(({ key }) => key === name)?.value ?? null
  }

  /** Puts a cookie in, as if it had been set before. */
  async setCookie({ url }: WebSite, name: string, value: string): Promise<void> {
    await this.#jar.setCookie(`${name}=${value}; Path=/`, url)
  }

  /** Adds messages, on one site. */
  async add(site: WebSite, list: readonly NewMessage[]): Promise<void> {
    const { status, text } = await this.send(
      site,
      `/add?messages=${encodeURIComponent(JSON.stringify(list))}`,
    )
    if (status !== 200) throw new Error(text)
  }

  /** The messages that a site shows. */
  async shownBy(site: WebSite): Promise<readonly Message[]> {
    const { text } = await this.send(site, '/messages')
    return JSON.parse(text) as Message[]
  }
}
