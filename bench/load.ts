/**
 * Sends load, where there is no `wrk`: `load.js <path> <file of cookies> <port> <connections>
 * <seconds>`. Prints what `_load.ts` reads.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const [path, cookies = '', ...numbers] = process.argv.slice(2)
const [port = 0, connections = 1, seconds = 1] = numbers.map(Number)

const requests = readFileSync(cookies, 'latin1')
  .split('\n')
  .map((cookie) =>
    Buffer.from(`GET /${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: ${cookie}\r\n\r\n`),
  )
const randomRequest = (): Buffer =>
  requests[Math.floor(Math.random() * requests.length)] ?? Buffer.alloc(0)

let answered = 0
let failed = 0
let isOver = false

/** One request at a time. The answers are short: each comes as a whole. */
function open(): void {
  const socket = connect(port, '127.0.0.1', () => socket.write(randomRequest()))
  socket.setNoDelay(true)
  socket.on('error', () => failed++)
  socket.on('data', (bytes) => {
    if (bytes.subarray(0, 12).equals(ok)) answered++
    else failed++
    if (isOver) socket.destroy()
    else socket.write(randomRequest())
  })
}

const ok = Buffer.from('HTTP/1.1 200')
const start = performance.now()
for (let count = 0; count < connections; count++) open()
await sleep(seconds * 1000)
isOver = true
const us = Math.round((performance.now() - start) * 1000)
console.log(JSON.stringify({ requests: answered, us, failed }))
