/** `npm run pack:client [-- DIR]`: writes the tarball of `@isochrone/client` to DIR, by default the current one. */
import { resolve } from 'node:path'
import { packClient } from './pack-client.ts'

process.stdout.write(`${await packClient(resolve(process.argv[2] ?? '.'))}\n`)
