#!/usr/bin/env node
/**
 * The program `async-django`.
 *
 * @module
 */
import { runCli } from './run-cli.ts'

const stopping = new AbortController()

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // Who asks twice does not wait.
  process.on(signal, () => (stopping.signal.aborted ? process.exit(1) : stopping.abort()))
}

void runCli(process.argv.slice(2), {
  env: process.env,
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${line}\n`),
  stop: stopping.signal,
}).then((code) => {
  process.exitCode = code
})
