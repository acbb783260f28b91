// Checks an exported log with Sigstore's verifier for JavaScript: the signature of every signed
// checkpoint, and every entry with the proof given for it.
//
//   node check.js DIR PROOFS
'use strict'

const { createPublicKey } = require('node:crypto')
const { readFileSync, readdirSync } = require('node:fs')
const { join } = require('node:path')
const { verifyCheckpoint } = require('@sigstore/verify/dist/tlog/checkpoint')
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle')

const [dir, proofs] = process.argv.slice(2)
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const WIDTH = 256

/** The log as Sigstore's trusted root would hold it, from `name+id+base64(type || key)`. */
function trustedLog() {
  const [, name, id, key] = readFileSync(join(dir, 'log.vkey'), 'utf8').match(/^(.*)\+([0-9a-f]{8})\+(.*)\n$/)
  const der = Buffer.concat([SPKI, Buffer.from(key, 'base64').subarray(1)])
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  return { logID: Buffer.from(id, 'hex'), baseURL: name, publicKey }
}

function spelt(number) {
  const groups = String(number).padStart(Math.ceil(String(number).length / 3) * 3, '0').match(/.{3}/g)
  return groups.map((group, at) => (at < groups.length - 1 ? 'x' + group : group)).join('/')
}

function readEntries(size) {
  const entries = []
  for (let number = 0; number * WIDTH < size; number++) {
    const width = Math.min(WIDTH, size - number * WIDTH)
    const partial = width < WIDTH ? `.p/${width}` : ''
    const bundle = readFileSync(join(dir, 'tile/entries', spelt(number) + partial))
    for (let at = 0; at < bundle.length; ) {
      const end = at + 2 + bundle.readUInt16BE(at)
      entries.push(bundle.subarray(at + 2, end))
      at = end
    }
  }
  return entries
}

function check() {
  const log = trustedLog()
  const names = readdirSync(dir).filter((name) => /^checkpoint(\.[0-9]+)?$/.test(name))
  const opened = new Map()
  for (const name of names) {
    const inclusionProof = { checkpoint: { envelope: readFileSync(join(dir, name), 'utf8') } }
    opened.set(name, verifyCheckpoint({ inclusionProof }, [log]))
  }
  const newest = opened.get('checkpoint')
  const entries = readEntries(Number(newest.logSize))
  let checked = 0
  for (const line of readFileSync(proofs, 'utf8').split('\n')) {
    const [kind, index, size, ...hashes] = line.split(' ')
    if (kind !== 'inclusion') continue
    if (BigInt(size) !== newest.logSize) throw new Error(`a proof for ${size}`)
    const canonicalizedBody = entries[Number(index)]
    const inclusionProof = { logIndex: index, hashes: hashes.map((hash) => Buffer.from(hash, 'base64')) }
    verifyMerkleInclusion({ canonicalizedBody, inclusionProof }, newest)
    checked++
  }
  return `entries ${entries.length} checkpoints ${opened.size - 1} proofs ${checked}`
}

try {
  console.log(check())
} catch (refusal) {
  console.log('REFUSED:', refusal.message)
  process.exit(1)
}
