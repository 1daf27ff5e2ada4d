import { expect, test } from 'vitest'
import { coverageTable, readLcov, shareOf, totalOf } from './coverage.ts'

const lcov = `TN:
SF:src/StakeVault.sol
DA:10,3
DA:11,0
DA:12,1
BRDA:11,0,0,2
BRDA:11,0,1,-
BRDA:14,0,0,0
end_of_record
TN:
SF:test/support/Market.sol
DA:1,0
end_of_record
TN:
SF:src/libraries/Clean.sol
DA:4,9
end_of_record
`

test('counts what the tests ran in contracts/src, and names what they missed', () => {
  const files = readLcov(lcov)
  expect(files.map(({ file }) => file)).toEqual(['src/libraries/Clean.sol', 'src/StakeVault.sol'])
  expect(files[1]).toMatchObject({ lines: { hit: 2, found: 3 }, missedLines: [11], missedBranches: [11, 14] })
  expect(totalOf(files, 'lines')).toEqual({ hit: 3, found: 4 })
  expect(totalOf(files, 'branches')).toEqual({ hit: 1, found: 3 })
  expect(shareOf({ hit: 0, found: 0 })).toBe(1)
  expect(coverageTable(files)).toContain('lines 11; branches at 11, 14')
})

test('a report without any file of ours covers nothing, which no check takes for all', () => {
  expect(readLcov('TN:\nSF:test/A.t.sol\nDA:1,1\nend_of_record\n')).toEqual([])
})
