/**
 * A Hono server that shares its sessions and users with a Django site.
 *
 * @module
 */
import { serve } from '@hono/node-server'
import { createDjango } from 'async-django'
import { csrf } from 'async-django/csrf'
import { djangoHono, type DjangoVariables } from 'async-django/hono'
import { messages } from 'async-django/messages'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

import { Accounts, type Answer, failureOf } from './_accounts.ts'
import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { clear, count, field, readAdded, SessionPage } from './_session-page.ts'
import { authPasswordValidators, readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('Hono')
const db = openDatabase(settings.databaseUrl)
const django = createDjango({
  settings: { secretKey: settings.secretKey },
  djangoVersion: '5.2',
  store: kyselyStore(db),
  users: kyselyUserStore(db),
  auth: { authPasswordValidators },
  csrf: csrf(),
  messages: messages(),
})
for (const problem of await django.check()) console.error(problem.message)

const page = new SessionPage(settings, `Hono on Node.js ${process.versions.node}`, django)
const accounts = new Accounts(settings, django)

const app = new Hono<{ Variables: DjangoVariables<typeof django> }>()
app.get('/static/session.css', (c) => c.body(stylesheet, 200, { 'content-type': 'text/css' }))

app.use(djangoHono(django))
app.get('/', async (c) => c.html(await page.html(await c.var.session.load())))
app.get('/session.json', async (c) => c.json(await page.json(await c.var.session.load())))

app.post('/count', async (c) => {
  await c.var.session.change(count)
  return c.redirect('/')
})
app.post('/add', async (c) => {
  const added = readAdded(await c.req.parseBody())
  if ('problem' in added) return c.html(await page.html(await c.var.session.load(), added), 400)
  c.var.session.set(added.key, added.json)
  return c.redirect('/')
})
app.post('/delete', async (c) => {
  c.var.session.delete(field(await c.req.parseBody(), 'key'))
  return c.redirect('/')
})
app.post('/clear', async (c) => {
  clear(await c.var.session.load())
  return c.redirect('/')
})

app.get('/me', async (c) => send(c, await accounts.me(c.var.session)))
app.get('/log-in', async (c) =>
  send(c, await accounts.askLogIn(c.var.session, c.req.query('next'))),
)
app.post('/log-in', async (c) =>
  send(c, await accounts.logIn(c.var.session, await c.req.parseBody())),
)
app.post('/log-out', async (c) => send(c, await accounts.logOut(c.var.session)))
app.get('/register', async (c) => send(c, await accounts.askRegister(c.var.session)))
app.post('/register', async (c) =>
  send(c, await accounts.register(c.var.session, await c.req.parseBody())),
)
app.get('/password', async (c) => send(c, await accounts.askPassword(c.var.session)))
app.post('/password', async (c) =>
  send(c, await accounts.changePassword(c.var.session, await c.req.parseBody())),
)

app.onError((error, c) => {
  const { status, message } = failureOf(error)
  return c.text(message, status as ContentfulStatusCode)
})

serve({ fetch: app.fetch, hostname: settings.host, port: settings.port }, reportReady)

function send(c: Context, answer: Answer): Response {
  return 'location' in answer ? c.redirect(answer.location) : c.html(answer.html, answer.status)
}
