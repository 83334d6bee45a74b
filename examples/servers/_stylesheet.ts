/**
 * The look that the servers share with the Django site.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { projectRoot } from '../../tools/_root.ts'

/** The text of `examples/page/session.css`. */
export const stylesheet: string = readFileSync(
  join(projectRoot, 'examples', 'page', 'session.css'),
  'utf8',
)
