/**
 * Checks that what Python stored comes back to Python as it was, after TypeScript servers wrote the
 * same session: types of numbers, digits, text, order of keys.
 *
 * @module
 */
import type { Visit } from './_visit.ts'

const values: Readonly<Record<string, string>> = {
  floats: '[1.0, -0.0, 1e+16, 1e-07, 0.1, 1.5e+300]',
  integers: '[1, 123456789012345678901234567890, -9007199254740993]',
  odd: '[NaN, Infinity, -Infinity]',
  text: '"Za\u017c\u00f3\u0142\u0107 \ud83d\udc22 \u007f \\\\ \\" / <&>"',
  order: '{"b": 1, "a": {"10": 1.0, "2": 2, "__proto__": {"x": 1.0}}, "": null}',
}

/** Django stores, the others write beside it, Django reads. */
export async function checkPythonValues(visit: Visit): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    await visit.press('Django', '/add', { key, value })
  }
  const before = await dataText(visit)
  await visit.row('Python’s values after a write', async (name) => {
    await visit.press(name, '/add', { key: 'passing', value: '[1.5]' })
    await visit.press(name, '/delete', { key: 'passing' })
    const after = await dataText(visit)
    const isGood = after === before
    return { isGood, text: isGood ? `${after.length} characters` : `${after}, not ${before}` }
  })
  await visit.press('Django', '/clear')
}

/** The data, in the words of Python's `json.dumps`. */
async function dataText(visit: Visit): Promise<string> {
  const { body } = await visit.browser.open(visit.url('Django', '/session.json'))
  return body.slice(body.indexOf('"data":'))
}
