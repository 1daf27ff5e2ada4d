import { join } from 'node:path'
import { projectRoot } from '../../project-root.ts'

export const RUNS_FOLDER = join(projectRoot, 'docs/placement/runs')
