import { AppError } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { correctRecords, type CorrectDeps } from './correct-records.ts'

test('each invalid record is asked for in its next version, and a lane that is away holds up no other', async () => {
  const asked: unknown[] = []
  const deps: CorrectDeps = {
    records: {
      withoutSuccessor: async () => [
        { nodeId: '0x01', lane: '0xaa', epoch: 3n, version: 0 },
        { nodeId: '0x02', lane: '0xbb', epoch: 4n, version: 2 },
      ],
    },
    gateways: {
      async correctRecord(record) {
        if (record.lane === '0xaa') throw new AppError('capacity_unavailable', { publicMessage: 'It is away.' })
        asked.push(record)
      },
    },
  }
  expect(await correctRecords(deps)).toEqual({
    asked: 1,
    stuck: [{ lane: '0xaa', epoch: 3n, reason: 'It is away.' }],
  })
  expect(asked).toEqual([{ nodeId: '0x02', lane: '0xbb', epoch: 4, version: 3 }])
})
