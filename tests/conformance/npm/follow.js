// Follows the changes of a register with the clients that browsers use, graphql-ws and graphql-sse,
// and prints what they are told as JSON, a line for each message.
//
//   node follow.js ws|sse ADDRESS MESSAGES DOCUMENT [VARIABLES]
'use strict'

const WebSocket = require('ws')
const ws = require('graphql-ws')
const sse = require('graphql-sse')

const [kind, address, messages, query, variables = '{}'] = process.argv.slice(2)

function clientOf() {
  const url = `${address}/graphql`
  if (kind === 'ws')
    return ws.createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  return sse.createClient({ url, retryAttempts: 0 })
}

async function main() {
  const client = clientOf()
  let left = Number(messages)
  const operation = { query, variables: JSON.parse(variables) }
  for await (const told of client.iterate(operation)) {
    console.log(JSON.stringify(told))
    if (--left === 0) break
  }
  console.log(left === 0 ? 'ENOUGH' : 'COMPLETE')
  await client.dispose()
}

main().catch(error => {
  console.log(Array.isArray(error) ? `REFUSED ${JSON.stringify(error)}` : `CUT OFF ${error.code || error.message}`)
})
