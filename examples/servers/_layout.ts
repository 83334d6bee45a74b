/**
 * What every page has around it: the same markup as the base template of the Django site.
 *
 * @module
 */
import type { LazySession, Session } from 'async-django'
import { getCsrfToken } from 'async-django/csrf'
import { getMessages, type Message } from 'async-django/messages'

import { html, type Html } from './_html.ts'
import type { ServerSettings } from './_settings.ts'

/** What a page shows of its server, and of the request. */
export interface Frame {
  /** The server that shows it. */
  readonly name: string
  /** The addresses of all servers, by name. */
  readonly servers: Readonly<Record<string, string>>
  /** For the forms of the page: good on every server. */
  readonly csrfToken: string
  /** Told once, by whichever server shows the next page. */
  readonly messages: readonly Message[]
}

/** The frame for the page that answers a request. */
export async function frameFor(
  { name, servers }: ServerSettings,
  session: LazySession | Session,
): Promise<Frame> {
  const csrfToken = await getCsrfToken(session)
  return { name, servers, csrfToken, messages: [...(await getMessages(session))] }
}

/** A page, whole. */
export function renderPage({ name, servers, messages }: Frame, main: Html): string {
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
          <p><a href="/">async-django</a></p>
          <nav aria-label="Servers">
            ${Object.entries(servers).map(([server, url]) => link(server, url, server === name))}
          </nav>
        </header>
        <main>${messages.map(message)}${main}</main>
      </body>
    </html> `.text
}

/** The hidden field without which no form is taken. */
export function csrfField({ csrfToken }: Frame): Html {
  return html`<input type="hidden" name="csrfmiddlewaretoken" value="${csrfToken}" />`
}

function link(server: string, url: string, isHere: boolean): Html {
  const current = html` aria-current="page"`
  return html`<a href="${url}/" ${isHere ? current : null}>${server}</a> `
}

function message({ tags, message: text }: Message): Html {
  return html`<p class="message ${tags}" role="status">${text}</p>`
}
