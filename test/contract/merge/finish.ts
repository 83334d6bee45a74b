/**
 * Ends a step of a history, with a real session and with the model's.
 *
 * @module
 */
import type { LazySession, Session } from 'async-django'
import { isAsyncDjangoError } from 'async-django/errors'

import { applyEdit, dataTarget, type Edit, type EditTarget } from './edits.ts'
import type { Finish } from './histories.ts'
import type { ModelWriter, Outcome } from './writer.ts'

/** A session that may be loaded by now. */
export type AnySession = LazySession & Partial<Session>

/** Ends a step with a session; answers what each call answered, or the code of its error. */
export async function finishSession(session: AnySession, finish: Finish): Promise<unknown[]> {
  switch (finish.kind) {
    case 'save':
      return [await settled(session.save())]
    case 'force':
      return [await settled(session.save({ force: true }))]
    case 'saveTwice': {
      const first = settled(session.save())
      for (const edit of finish.edits) editSession(session, edit)
      return Promise.all([first, settled(session.save())])
    }
    case 'change': {
      const run = (data: Record<string, unknown>): void => {
        for (const edit of finish.edits) applyEdit(dataTarget(data), edit)
      }
      return [await settled(session.change(run))]
    }
    case 'cycleKey':
      return [await settled(session.cycleKey())]
    default:
      return [await settled(session.flush())]
  }
}

/** Ends a step in the model; answers what each call should answer. */
export function finishModel(model: ModelWriter, finish: Finish): Outcome[] {
  switch (finish.kind) {
    case 'save':
      return [model.save()]
    case 'force':
      return [model.save(true)]
    case 'saveTwice':
      return model.saveTwice(finish.edits)
    case 'change':
      return [model.change(finish.edits)]
    case 'cycleKey':
      return [model.cycleKey()]
    default:
      return [model.flush()]
  }
}

/** Applies an edit to a session; before its load only such as it takes then. */
export function editSession(session: AnySession, edit: Edit): void {
  applyEdit(session as EditTarget, edit)
}

async function settled(call: Promise<unknown>): Promise<unknown> {
  try {
    return (await call) ?? 'done'
  } catch (error) {
    return isAsyncDjangoError(error) ? error.code : error
  }
}
