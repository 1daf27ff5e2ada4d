/** A process that was held up takes nobody else for silent. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { SilenceWatch } from './silence-watch.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** Holds this thread up. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** A thread of its own that says something to `port` each 20 ms. */
async function talker(port: number): Promise<void> {
  const source = `
    const { connect } = require('node:net')
    const socket = connect(${port}, '127.0.0.1')
    socket.on('error', () => {})
    setInterval(() => socket.write('x'), 20)`
  const thread = new Worker(source, { eval: true })
  stops.push(() => thread.terminate())
  await once(thread, 'online')
}

test('what came while this process was held up is heard before its silence is told', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  stops.push(() => server.close())
  await once(server, 'listening')
  const connected = once(server, 'connection') as Promise<[Socket]>
  await talker((server.address() as AddressInfo).port)
  const [socket] = await connected
  stops.push(() => socket.destroy())
  let silences = 0
  const watch = new SilenceWatch(1_000, () => silences++)
  stops.push(() => watch.stop())
  socket.on('error', () => undefined)
  socket.on('data', () => watch.heard())
  for (let i = 0; i < 3; i++) {
    await sleep(100)
    block(1_900)
    await sleep(100)
  }
  expect(silences).toBe(0)
})

test('a side that says nothing is told once, again after it was heard, and never after the end', async () => {
  const server = createServer((far) => stops.push(() => far.destroy()))
  server.listen(0, '127.0.0.1')
  stops.push(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  stops.push(() => socket.destroy())
  let silences = 0
  const watch = new SilenceWatch(30, () => silences++)
  await expect.poll(() => silences).toBe(1)
  await sleep(80)
  expect(silences).toBe(1)
  watch.heard()
  await expect.poll(() => silences).toBe(2)
  watch.heard()
  watch.stop()
  watch.heard()
  await sleep(80)
  expect(silences).toBe(2)
})
