/**
 * Tells browsers to compile the framework's scripts whole while they load, beside the thread that draws.
 *
 * A function is otherwise skipped over when its script is compiled, and compiled once more when it is first called: of the
 * scripts that start every page (React, Next's router) that is nearly all of them, and it was most of the longest task of
 * a page. The hint is V8's (https://v8.dev/blog/explicit-compile-hints); other browsers read a comment. Only what every page
 * runs at its start gets it: elsewhere it would compile what is never called.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const HINT = '//# allFunctionsCalledOnLoad\n'

const buildManifest = z.object({ rootMainFiles: z.array(z.string()) })

/**
 * Puts the hint at the top of each script that every page starts with; once, however often it is called.
 *
 * @param nextDir where `next build` has built: `.next`.
 */
export function addCompileHints(nextDir: string): void {
  const manifest: unknown = JSON.parse(readFileSync(join(nextDir, 'build-manifest.json'), 'utf8'))
  const { rootMainFiles } = buildManifest.parse(manifest)
  for (const file of rootMainFiles) {
    const path = join(nextDir, file)
    const text = readFileSync(path, 'utf8')
    if (!text.startsWith(HINT)) writeFileSync(path, HINT + text)
  }
}
