/**
 * An Express server that shares its sessions with a Django site.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { djangoExpress } from 'async-django/express'
import { kyselyStore } from 'async-django/stores/kysely'
import express, { type Express } from 'express'

import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { count, field, readAdded, SessionPage } from './_session-page.ts'
import { readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('Express')
const db = openDatabase(settings.databaseUrl)
const django = createDjango({
  settings: { secretKey: settings.secretKey },
  djangoVersion: '5.2',
  store: kyselyStore(db),
})
for (const problem of await django.check()) console.error(problem.message)

const page = new SessionPage(settings, `Express on Node.js ${process.versions.node}`, db)

const app: Express = express()
app.get('/static/session.css', (_req, res) => {
  res.type('css').send(stylesheet)
})

app.use(djangoExpress(django), express.urlencoded({ extended: false }))
app.get('/', async (req, res) => {
  res.send(await page.html(await req.session.load()))
})
app.get('/session.json', async (req, res) => {
  res.json(await page.json(await req.session.load()))
})

app.post('/*path', (req, res, next) => {
  if (page.isOwnForm(req.get('origin'))) next()
  else res.status(403).send(`Open ${settings.here}`)
})
app.post('/count', async (req, res) => {
  await req.session.change(count)
  res.redirect('/')
})
app.post('/add', async (req, res) => {
  const added = readAdded(req.body)
  if ('problem' in added) {
    res.status(400).send(await page.html(await req.session.load(), added))
    return
  }
  req.session.set(added.key, added.json)
  res.redirect('/')
})
app.post('/delete', (req, res) => {
  req.session.delete(field(req.body, 'key'))
  res.redirect('/')
})
app.post('/clear', async (req, res) => {
  const session = await req.session.load()
  session.clear()
  res.redirect('/')
})

app.listen(settings.port, settings.host, reportReady)
