/**
 * Checks that the core uses no global of Node: it is compiled without Node's types. That proves
 * something only while no imported package brings them in, so that is looked at first.
 *
 * @module
 */
import { runCommand } from './_command.ts'
import { report } from './_project.ts'

const tsc = ['tsc', '-p', 'tsconfig.core.json', '--pretty', 'false']

async function findNodeTypes(): Promise<string[]> {
  const { output } = await runCommand([...tsc, '--listFilesOnly'])
  const files = output.split('\n').filter((line) => line.includes('/@types/node/'))
  return files.length === 0 ? [] : ['an import brings the types of Node into tsconfig.core.json']
}

async function compile(): Promise<string[]> {
  const { isOk, output } = await runCommand(tsc)
  return isOk ? [] : output.trim().split('\n')
}

report('core', [...(await findNodeTypes()), ...(await compile())])
