/**
 * A Fastify server that shares its sessions with a Django site.
 *
 * @module
 */
import { createDjango } from 'async-django'
import { djangoFastify } from 'async-django/fastify'
import { kyselyStore } from 'async-django/stores/kysely'
import fastify, { type FastifyRequest } from 'fastify'

import { reportReady } from './_child.ts'
import { openDatabase } from './_database.ts'
import { count, field, readAdded, SessionPage } from './_session-page.ts'
import { readSettings } from './_settings.ts'
import { stylesheet } from './_stylesheet.ts'

const settings = readSettings('Fastify')
const db = openDatabase(settings.databaseUrl)
const django = createDjango({
  settings: { secretKey: settings.secretKey },
  djangoVersion: '5.2',
  store: kyselyStore(db),
})
for (const problem of await django.check()) console.error(problem.message)

const page = new SessionPage(settings, `Fastify on Node.js ${process.versions.node}`, db)

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

app.addHook('onRequest', async (request, reply) => {
  if (request.method !== 'POST' || page.isOwnForm(request.headers.origin)) return
  await reply.code(403).send(`Open ${settings.here}`)
})
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
  const session = await request.session.load()
  session.clear()
  return reply.redirect('/')
})

await app.listen({ port: settings.port, host: settings.host })
reportReady()
