/**
 * A Fastify server that shares its sessions and users with a Django site.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { csrf } from 'async-django/csrf'
import { djangoFastify } from 'async-django/fastify'
import { messages } from 'async-django/messages'
import { kyselyStore } from 'async-django/stores/kysely'
import { kyselyUserStore } from 'async-django/users/kysely'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'

import { Accounts, type Answer, failureOf } from './_accounts.ts'
import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { clear, count, field, readAdded, SessionPage } from './_session-page.ts'
import { authPasswordValidators, readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('Fastify')
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

const page = new SessionPage(settings, `Fastify on Node.js ${process.versions.node}`, django)
const accounts = new Accounts(settings, django)

const app = fastify()
app.addContentTypeParser(
  'application/x-www-form-urlencoded',
  { parseAs: 'string' },
  async (_: FastifyRequest, body: string) => Object.fromEntries(new URLSearchParams(body)),
)
app.get('/static/session.css', (_request, reply) => reply.type('text/css').send(stylesheet))

app.register(djangoFastify(django))
app.get('/', async (request, reply) => {
  reply.type('text/html')
  return page.html(await request.session.load())
})
app.get('/session.json', async (request) => page.json(await request.session.load()))

app.post('/count', async (request, reply) => {
  await request.session.change(count)
  return reply.redirect('/')
})
app.post('/add', async (request, reply) => {
  const added = readAdded(request.body)
  if ('problem' in added) {
    reply.code(400).type('text/html')
    return page.html(await request.session.load(), added)
  }
  request.session.set(added.key, added.json)
  return reply.redirect('/')
})
app.post('/delete', async (request, reply) => {
  request.session.delete(field(request.body, 'key'))
  return reply.redirect('/')
})
app.post('/clear', async (request, reply) => {
  clear(await request.session.load())
  return reply.redirect('/')
})

app.get('/me', async (request, reply) => send(reply, await accounts.me(request.session)))
app.get('/log-in', async (request, reply) =>
  send(reply, await accounts.askLogIn(request.session, field(request.query, 'next'))),
)
app.post('/log-in', async (request, reply) =>
  send(reply, await accounts.logIn(request.session, request.body)),
)
app.post('/log-out', async (request, reply) => send(reply, await accounts.logOut(request.session)))
app.get('/register', async (request, reply) =>
  send(reply, await accounts.askRegister(request.session)),
)
app.post('/register', async (request, reply) =>
  send(reply, await accounts.register(request.session, request.body)),
)
app.get('/password', async (request, reply) =>
  send(reply, await accounts.askPassword(request.session)),
)
app.post('/password', async (request, reply) =>
  send(reply, await accounts.changePassword(request.session, request.body)),
)

app.setErrorHandler((error, _request, reply) => {
  const { status, message } = failureOf(error)
  return reply.code(status).type('text/plain').send(message)
})

await app.listen({ port: settings.port, host: settings.host })
reportReady()

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if ('location' in answer) return reply.redirect(answer.location)
  return reply.code(answer.status).type('text/html').send(answer.html)
}
