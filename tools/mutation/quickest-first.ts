/**
 * Order of the test files that a mutant is tried on: those that noticed the one before, then from the quickest to the slowest. The first
 * failure ends a try, and vitest's own order begins with the slowest. Which files run is not changed.
 */
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

export class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { cache, config } = this.ctx
    const ranked = files.map((file) => {
      const known = cache.getFileTestResults(`${file.project.name}:${relative(config.root, file.moduleId)}`)
      return { file, rank: known?.failed ? -1 : (known?.duration ?? 0) }
    })
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ file }) => file)
  }
}
