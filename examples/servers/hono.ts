/**
 * A Hono server that shares its sessions with a Django site.
 *
 * @module
 */
import { serve } from '@hono/node-server'
import { createDjango } from 'async-django'
import { djangoHono, type DjangoVariables } from 'async-django/hono'
import { kyselyStore } from 'async-django/stores/kysely'
import { Hono } from 'hono'

import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { count, field, readAdded, SessionPage } from './_session-page.ts'
import { readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('Hono')
const db = openDatabase(settings.databaseUrl)
const django = createDjango({
  settings: { secretKey: settings.secretKey },
  djangoVersion: '5.2',
  store: kyselyStore(db),
})
for (const problem of await django.check()) console.error(problem.message)

const page = new SessionPage(settings, `Hono on Node.js ${process.versions.node}`, db)

const app = new Hono<{ Variables: DjangoVariables<typeof django> }>()
app.get('/static/session.css', (c) => c.body(stylesheet, 200, { 'content-type': 'text/css' }))

app.use(djangoHono(django))
app.get('/', async (c) => c.html(await page.html(await c.var.session.load())))
app.get('/session.json', async (c) => c.json(await page.json(await c.var.session.load())))

app.post('*', async (c, next) => {
  if (!page.isOwnForm(c.req.header('origin'))) return c.text(`Open ${settings.here}`, 403)
  return next()
})
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
  const session = await c.var.session.load()
  session.clear()
  return c.redirect('/')
})

serve({ fetch: app.fetch, hostname: settings.host, port: settings.port }, reportReady)
