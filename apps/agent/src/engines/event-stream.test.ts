import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventStream } from './event-stream.ts'

/** A character that the network cuts in two is whole when it is read. */
test('events are the same however their bytes are cut', async () => {
  const data = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''))
  const events = fc.array(
    data.filter((text) => text !== ''),
    { minLength: 1, maxLength: 5 },
  )
  await fc.assert(
    fc.asyncProperty(events, fc.array(fc.nat(200), { maxLength: 20 }), fc.boolean(), async (texts, cuts, marked) => {
      const bytes = Buffer.from(`${marked ? '\ufeff' : ''}${texts.map((text) => `data: ${text}\n\n`).join('')}`)
      const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].toSorted((a, b) => a - b)
      const controller = { paused: false, pause() {}, resume() {}, abort() {} }
      const stream = new EventStream(
        {
          dispatch(_call, handler) {
            handler.onRequestStart(controller)
            handler.onResponseStart(controller, 200)
            ends.reduce((from, to) => {
              if (to > from) handler.onBytes(controller, bytes, from, to)
              return to
            }, 0)
            handler.onResponseEnd()
          },
        },
        { path: '/', headers: {}, body: '' },
        true,
      )
      const read: string[] = []
      for (let next = stream.take(); next !== undefined; next = stream.take()) read.push(next)
      expect(read).toEqual(texts)
      expect(await stream.wait()).toBe(false)
    }),
  )
})
