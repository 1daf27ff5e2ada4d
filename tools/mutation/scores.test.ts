import { expect, test } from 'vitest'
import { scoresOf } from './scores.ts'

const mutants = (...statuses: string[]) => ({ mutants: statuses.map((status) => ({ status })) })

test('a mutant counts when a test could notice it, and as killed when one did', () => {
  const files = {
    'a.ts': mutants('Killed', 'Timeout', 'Survived', 'CompileError', 'Ignored'),
    'b.ts': mutants('Killed', 'NoCoverage'),
    'c.ts': mutants('Ignored'),
  }
  expect(scoresOf({ files })).toEqual({
    mutationScore: 60,
    killed: 3,
    survived: 2,
    files: [
      { file: 'a.ts', score: 66.67, killed: 2, survived: 1 },
      { file: 'b.ts', score: 50, killed: 1, survived: 1 },
      { file: 'c.ts', score: 100, killed: 0, survived: 0 },
    ],
  })
})
