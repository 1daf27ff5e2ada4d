/** The directory that holds package.json, .data and everything else of the project. */
import { fileURLToPath } from 'node:url'

export const projectRoot = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
