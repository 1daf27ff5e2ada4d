import { join } from 'node:path'
import { readTrace } from '@isochrone/simulator'
import { expect, test } from 'vitest'
import { projectRoot } from '../../project-root.ts'

test('the trace that ships with the project is whole', () => {
  expect(readTrace(join(projectRoot, 'tools/replay/traces/demo.csv'))).toHaveLength(240)
})
