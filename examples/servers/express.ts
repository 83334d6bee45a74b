/**
 * An Express server that shares its sessions and users with a Django site.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { csrf } from 'async-django/csrf'
import { djangoExpress } from 'async-django/express'
import { messages } from 'async-django/messages'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'

import { Accounts, type Answer, failureOf } from './_accounts.ts'
import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { clear, count, field, readAdded, SessionPage } from './_session-page.ts'
import { authPasswordValidators, readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('Express')
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

const page = new SessionPage(settings, `Express on Node.js ${process.versions.node}`, django)
const accounts = new Accounts(settings, django)

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
  clear(await req.session.load())
  res.redirect('/')
})

app.get('/me', async (req, res) => {
  send(res, await accounts.me(req.session))
})
app.get('/log-in', async (req, res) => {
  send(res, await accounts.askLogIn(req.session, field(req.query, 'next')))
})
app.post('/log-in', async (req, res) => {
  send(res, await accounts.logIn(req.session, req.body))
})
app.post('/log-out', async (req, res) => {
  send(res, await accounts.logOut(req.session))
})
app.get('/register', async (req, res) => {
  send(res, await accounts.askRegister(req.session))
})
app.post('/register', async (req, res) => {
  send(res, await accounts.register(req.session, req.body))
})
app.get('/password', async (req, res) => {
  send(res, await accounts.askPassword(req.session))
})
app.post('/password', async (req, res) => {
  send(res, await accounts.changePassword(req.session, req.body))
})

app.use((error: unknown, _req: Request, res: Response, _next: NextFunction) => {
  const { status, message } = failureOf(error)
  res.status(status).type('text').send(message)
})

app.listen(settings.port, settings.host, reportReady)

function send(res: Response, answer: Answer): void {
  if ('location' in answer) res.redirect(answer.location)
  else res.status(answer.status).send(answer.html)
}
