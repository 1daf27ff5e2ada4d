/** The mutation score: of the mutants that a test could notice, the share that one did, in percent. */
export interface MutationReport {
  files: Record<string, { mutants: { status: string }[] }>
}

export interface MutationScores {
  mutationScore: number
  killed: number
  survived: number
  files: { file: string; score: number; killed: number; survived: number }[]
}

const detected = new Set(['Killed', 'Timeout'])
const undetected = new Set(['Survived', 'NoCoverage'])

export function scoresOf({ files }: MutationReport): MutationScores {
  const scored = Object.entries(files).map(([file, { mutants }]) => {
    const killed = mutants.filter(({ status }) => detected.has(status)).length
    const survived = mutants.filter(({ status }) => undetected.has(status)).length
    return { file, score: percent(killed, survived), killed, survived }
  })
  const killed = scored.reduce((sum, file) => sum + file.killed, 0)
  const survived = scored.reduce((sum, file) => sum + file.survived, 0)
  return { mutationScore: percent(killed, survived), killed, survived, files: scored }
}

const percent = (killed: number, survived: number): number =>
  killed + survived === 0 ? 100 : Math.round((killed / (killed + survived)) * 10_000) / 100
