import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { listen } from './listen.ts'

test('a taken port is one clear line that names it', async () => {
  const first = createServer()
  const { port, url } = await listen(first, { host: '127.0.0.1', port: 0 })
  expect(url).toBe(`http://127.0.0.1:${port}`)
  await expect(listen(createServer(), { host: '127.0.0.1', port })).rejects.toThrow(
    `port ${port} on 127.0.0.1 is taken`,
  )
  first.close()
})
