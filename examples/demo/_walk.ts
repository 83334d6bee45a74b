/**
 * A visitor's walk through all servers: what each one changes, the others must show. It sees what a
 * browser sees, and no database.
 *
 * @module
 */
import { checkAccounts } from './_accounts.ts'
import { checkAnswers } from './_answers.ts'
import { checkChanges } from './_changes.ts'
import { checkForms, checkMessages } from './_forms.ts'
import { checkLogins, logIn } from './_logins.ts'
import { checkPythonValues } from './_python-values.ts'
import { Results } from './_results.ts'
import { Visit } from './_visit.ts'

/** What a walk comes to. */
export interface Walked {
  /** The table, and the count as its last line. */
  readonly text: string
  readonly bad: number
}

/** Walks through the servers, by their names and addresses. */
export async function walk(
  servers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Walked> {
  const results = new Results(Object.keys(servers))
  const visit = new Visit(servers, results, signal)
  for (const part of parts) {
    await part(visit).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error)
      results.add(`${part.name} broke off`, { [visit.names[0] ?? '']: { isGood: false, text } })
    })
  }
  return { text: results.format(), bad: results.bad }
}

const parts = [
  checkAnswers,
  checkForms,
  checkMessages,
  checkLogins,
  checkAccounts,
  checkUserSession,
  checkChanges,
]

/** Leaves the visitor logged in, so that what follows changes the session of a user. */
async function checkUserSession(visit: Visit): Promise<void> {
  await logIn(visit, visit.names[0] ?? '')
  if (!visit.hasDjango) return
  await checkPythonValues(visit)
  await logIn(visit, 'Django')
}
