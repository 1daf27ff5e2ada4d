import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readCityMatrix } from './city-matrix.ts'

const servers = `id,name,title,location,state,country,latitude,longitude
1,Paris,Paris,Paris,,France,48.86,2.35
2,ParisTwo,Paris 2,Paris,,France,48.9,2.4
3,Lyon,Lyon,Lyon,,France,45.76,4.84
4,Versailles,Versailles,Versailles,,France,48.80,2.13
5,Quito,Quito,Quito,,Ecuador,-0.18,-78.47
`

function matrixOf(pings: string[], mergeKm = 0) {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-cities-'))
  const files = { servers: join(dir, 'servers.csv'), rtt: join(dir, 'rtt.csv') }
  writeFileSync(files.servers, servers)
  writeFileSync(files.rtt, ['source,destination,min_ms,avg_ms,max_ms,mdev_ms', ...pings].join('\n'))
  const matrix = readCityMatrix(files, mergeKm)
  rmSync(dir, { recursive: true })
  const rtt = (from: string, to: string, statistic: 'avg' | 'min' | 'worse' = 'avg') => {
    const at = (name: string) => matrix.cities.findIndex((city) => city.servers.includes(name))
    return matrix.rttMs(at(from), at(to), statistic)
  }
  return { matrix, rtt }
}

test('the direction customer to site counts, the other one only where it is all there is', () => {
  const { rtt } = matrixOf(['1,3,6,8,9,0.1', '3,1,7,12,13,0.1', '5,3,180,190,200,1'])
  expect([rtt('Paris', 'Lyon'), rtt('Lyon', 'Paris')]).toEqual([8, 12])
  expect([rtt('Paris', 'Lyon', 'min'), rtt('Paris', 'Lyon', 'worse')]).toEqual([6, 12])
  expect([rtt('Quito', 'Lyon'), rtt('Lyon', 'Quito')]).toEqual([190, 190])
})

test('a pair that nobody measured stays unknown: it must never count as service', () => {
  const { matrix, rtt } = matrixOf(['1,3,6,8,9,0.1'])
  expect(rtt('Quito', 'Paris')).toBeNull()
  expect(matrix.unmeasuredPairs).toBe(4 * 3 - 2)
})

test('points of one place are one city with the best of their round trips; neighbours only when asked', () => {
  const pings = ['1,3,6,8,9,0.1', '2,3,5,7,9,0.1', '4,3,4,4.5,9,0.1']
  const plain = matrixOf(pings)
  expect(plain.matrix.cities.map(({ servers }) => servers)).toEqual([
    ['Paris', 'ParisTwo'],
    ['Lyon'],
    ['Versailles'],
    ['Quito'],
  ])
  expect(plain.rtt('Paris', 'Lyon')).toBe(7)
  const merged = matrixOf(pings, 30)
  expect(merged.matrix.cities).toHaveLength(3)
  expect(merged.rtt('Paris', 'Lyon')).toBe(4.5)
  expect(merged.rtt('Paris', 'Versailles')).toBe(1)
})

test('rows of unknown servers and faster than light are dropped and counted', () => {
  const { matrix, rtt } = matrixOf(['1,5,10,11,12,0.1', '292,1,3,4,5,0.1', '1,1,0.01,0.02,0.03,0.01', '1,3,6,8,9,0.1'])
  expect(matrix.dropped).toEqual({ unknownServer: 1, fasterThanLight: 1 })
  expect(rtt('Paris', 'Quito')).toBeNull()
  expect(rtt('Paris', 'Paris')).toBe(1)
})

test('a bad value is refused with file, line and field', () => {
  expect(() => matrixOf(['1,3,6,-8,9,0.1'])).toThrow(/rtt\.csv line 2, field avg_ms: expected a number/)
  expect(() => matrixOf(['1,3,9,8,9,0.1'])).toThrow(/line 2, field avg_ms: the average 8 is below the minimum 9/)
})
