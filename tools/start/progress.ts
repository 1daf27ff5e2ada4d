/**
 * Tells a person what is being done: one line for each step, with its time. Long steps count their seconds on a
 * terminal. Everything goes to stderr, because stdout belongs to the result.
 */
export interface Progress {
  /** Runs one step and reports it; what the step throws is passed on. The step may `say` how far it is. */
  step<T>(title: string, work: (say: (detail: string) => void) => Promise<T>): Promise<T>
  /** One line about something that happened. */
  note(line: string): void
}

export const silentProgress: Progress = { step: (_title, work) => work(() => {}), note: () => {} }

export function consoleProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const live = stream.isTTY
  return {
    async step(title, work) {
      const started = performance.now()
      const elapsed = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`
      let detail = ''
      const draw = () => stream.write(`\r\u001B[K  … ${title}  ${detail && `${detail}  `}${elapsed()}`)
      const timer = live ? setInterval(draw, 250) : undefined
      if (live) draw()
      // Without a terminal a long step still says every ten seconds that it is alive.
      const alive = live
        ? undefined
        : setInterval(() => stream.write(`  … ${title} (${detail && `${detail}, `}${elapsed()})\n`), 10_000)
      const end = (mark: string) => {
        clearInterval(timer)
        clearInterval(alive)
        stream.write(`${live ? '\r\u001B[K' : ''}  ${mark} ${title.padEnd(46)} ${elapsed().padStart(7)}\n`)
      }
      try {
        const result = await work((text) => (detail = text))
        end('✓')
        return result
      } catch (error) {
        end('✗')
        throw error
      }
    },
    note: (line) => void stream.write(`  ${line}\n`),
  }
}
