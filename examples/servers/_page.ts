/**
 * The page that every server shows: the same markup as the templates of the Django site.
 *
 * @module
 */
import { html, type Html } from './_html.ts'
import { member } from './_tree.ts'

/** All that the page shows. */
export interface View {
  /** The server that shows it. */
  readonly name: string
  readonly runsOn: string
  /** The addresses of all servers, by name. */
  readonly servers: Readonly<Record<string, string>>
  readonly userName: string | null
  readonly sessionKey: string | null
  readonly expires: Date | null
  readonly counter: number | bigint
  readonly members: ReadonlyArray<readonly [key: string, value: unknown]>
  /** Why what was sent was not taken, and what was sent. */
  readonly refused: Refused | null
}

/** A value that was not taken. */
export interface Refused {
  readonly problem: string
  readonly key: string
  readonly value: string
}

/** The page, whole. */
export function renderPage(view: View): string {
  const { name, servers } = view
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${name} · one session</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/static/session.css" />
      </head>
      <body class="${name.toLowerCase()}">
        <header>
          <p>async-django</p>
          <nav aria-label="Servers">
            ${Object.entries(servers).map(([server, url]) => link(server, url, server === name))}
          </nav>
        </header>
        <main>${main(view)}</main>
      </body>
    </html> `.text
}

function link(server: string, url: string, isHere: boolean): Html {
  const current = html` aria-current="page"`
  return html`<a href="${url}/" ${isHere ? current : null}>${server}</a> `
}

function main(view: View): Html {
  return html`
    <h1>One session, shown by <em>${view.name}</em></h1>
    <p class="lead">
      Each of these servers reads and writes the same row of <code>django_session</code>. Change it
      here, then look at it there.
    </p>
    <section class="counter">
      <h2>Counter</h2>
      <output>${view.counter}</output>
      <form method="post" action="/count"><button>Add one</button></form>
    </section>
    <dl>
      <div>
        <dt>Shown by</dt>
        <dd>${view.runsOn}</dd>
      </div>
      <div>
        <dt>Visitor</dt>
        <dd>${visitor(view)}</dd>
      </div>
      <div>
        <dt>Session key</dt>
        <dd>${sessionKey(view)}</dd>
      </div>
      ${ends(view)}
    </dl>
    <section>
      <h2>Data</h2>
      ${data(view)}
    </section>
    <section>
      <h2>Add a value</h2>
      ${addForm(view.refused)}
    </section>
    <footer>
      <p>
        Only a demonstration shows a session’s key. This server takes forms from its own pages
        alone: it compares the Origin header.
      </p>
    </footer>
  `
}

function visitor({ userName, name, servers }: View): Html {
  const django = servers['Django']
  if (django === undefined) return html`<span>without Django, nobody can log in</span>`
  const next = encodeURIComponent(`${servers[name] ?? ''}/`)
  if (userName === null) {
    return html`<span>nobody is logged in</span>
      <a href="${django}/log-in/?next=${next}">Log in</a>`
  }
  return html`
    <strong>${userName}</strong>
    <a href="${django}/log-out/?next=${next}">Log out</a>
    <a href="${django}/admin/">Django’s admin</a>
  `
}

function sessionKey({ sessionKey: key }: View): Html {
  if (key === null) return html`<span>none: nothing is stored before something changes</span>`
  const start = html`<summary><code>${key.slice(0, 4)}</code></summary>`
  return html`<details class="key">${start}<code>${key}</code></details>`
}

function ends({ expires }: View): Html | null {
  if (expires === null) return null
  const moment = expires.toISOString().replace(/\.\d+/, '')
  return html`<div>
    <dt>Ends</dt>
    <dd>
      <time datetime="${moment}">${dateFormat.format(expires).replace(' at ', ', ')} UTC</time>
    </dd>
  </div>`
}

const dateFormat = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})

function data({ members }: View): Html {
  if (members.length === 0) return html`<p class="empty">The session is empty.</p>`
  return html`
    <ul class="tree">
      ${members.map(([key, value]) => html`<li>${member(key, value)} ${deleteForm(key)}</li>`)}
    </ul>
    <form method="post" action="/clear"><button class="quiet">Clear all data</button></form>
  `
}

function deleteForm(key: string): Html {
  return html`<form method="post" action="/delete">
    <input type="hidden" name="key" value="${key}" /><button
      aria-label="Delete ${key}"
      title="Delete"
    >
      ×
    </button>
  </form>`
}

function addForm(refused: Refused | null): Html {
  const problem = refused && html`<p class="problem" role="alert">${refused.problem}</p>`
  return html`
    ${problem}
    <form class="add" method="post" action="/add">
      <label for="key">Key</label>
      <input
        id="key"
        name="key"
        value="${refused?.key ?? ''}"
        required
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        placeholder="theme"
      />
      <label for="value">Value, as JSON</label>
      <textarea
        id="value"
        name="value"
        rows="3"
        required
        autocapitalize="off"
        spellcheck="false"
        placeholder="[1, 2, 3]"
        ${refused && html`autofocus`}
      >
${refused?.value ?? ''}</textarea>
      <button>Save</button>
    </form>
  `
}
