#!/usr/bin/env node
/**
 * Lets forge compile without downloading a compiler: speaks the two invocations that forge makes of a native `solc`
 * (`--version`, and `--standard-json` on stdin) and answers both with solc-js.
 *
 * The version comes from the package's manifest, because loading 9 MB of WebAssembly only to answer a version probe
 * would double the time of a warm `forge test`.
 */
'use strict'

const { readFileSync, writeSync } = require('node:fs')

const args = process.argv.slice(2)

if (args.includes('--version')) {
  const { version } = require('solc/package.json')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else if (args.includes('--standard-json')) {
  writeAll(require('solc').compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write(`solc-wrapper understands --version and --standard-json, not: ${args.join(' ')}\n`)
  process.exitCode = 1
}

/** A pipe takes 64 KiB at a time and answers EAGAIN while full; the output of a build is megabytes. */
function writeAll(text) {
  const bytes = Buffer.from(text)
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += writeSync(1, bytes, offset)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
