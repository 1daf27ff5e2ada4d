/** For Stryker: a line for each mutant that no test noticed, when it is known and not at the end: a whole run takes long. */
import { relative } from 'node:path'

interface MutantResult {
  status: string
  fileName: string
  mutatorName: string
  replacement?: string
  location: { start: { line: number; column: number } }
}

class SurvivorsReporter {
  onMutantTested({ status, fileName, mutatorName, replacement = '', location: { start } }: MutantResult): void {
    if (status === 'Killed') return
    const place = `${relative(process.cwd(), fileName)}:${start.line}:${start.column}`
    process.stdout.write(`${status} ${place} ${mutatorName} → ${replacement.replaceAll(/\s+/g, ' ')}\n`)
  }
}

export const strykerPlugins = [{ kind: 'Reporter', name: 'survivors', injectableClass: SurvivorsReporter }]
