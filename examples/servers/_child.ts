/**
 * Ties a server to the process that started it.
 *
 * @module
 */

/** Says that requests can come, and ends the process when its standard input ends. */
export function reportReady(): void {
  console.log('ready')
  if (process.stdin.isTTY) return
  // Ctrl-C reaches the whole group of processes; the parent decides what ends when.
  process.on('SIGINT', () => {})
  process.stdin.on('end', () => process.exit(0)).resume()
}
