// Opens GraphiQL on this server's own /graphql, with a welcome and the header editor in sight.
const welcome = `# Datatitle registers the title to data products.
#
# Press the triangle to see what is registered.
# The book on the left explains every type.
#
# Without a token you see what the public sees.
# To act for a party, put its sign-in token
# under "Headers" below:
#
#   {"Authorization": "Bearer eyJhbGci..."}

query WhatIsRegistered {
  certificates(first: 5) {
    totalCount
    nodes {
      number
      productName
      holder { name }
      effectiveStatus
      effectiveEnd
      encumbrances { kind since until }
    }
  }
}
`;

const ask = GraphiQL.createFetcher({ url: "/graphql", enableIncrementalDelivery: false });

function isSubscription(documentAST, name) {
  const operations = documentAST.definitions.filter(({ kind }) => kind === "OperationDefinition");
  const chosen = name ? operations.find((each) => each.name?.value === name) : operations[0];
  return chosen?.operation === "subscription";
}

// The results of a subscription as they come, in server-sent events.
async function* told(asked, headers, signal) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...headers },
    body: JSON.stringify(asked),
    signal,
  });
  if (!response.ok) {
    yield await response.json();
    return;
  }
  let text = "";
  const decoder = new TextDecoder();
  for (const reader = response.body.getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + decoder.decode(value, { stream: true })).split("\n\n");
    text = events.pop();
    for (const event of events) {
      const found = /^event: next\ndata: (.*)$/.exec(event);
      if (found) yield JSON.parse(found[1]);
    }
  }
}

// Stopping ends the request at once, also while nothing comes.
function follow(asked, headers) {
  const stopping = new AbortController();
  const results = told(asked, headers, stopping.signal);
  const end = { value: undefined, done: true };
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => results.next().catch((fault) => (stopping.signal.aborted ? end : Promise.reject(fault))),
      return: async () => (stopping.abort(), end),
    }),
  };
}

function answer(asked, options) {
  const { documentAST, headers } = options ?? {};
  const follows = documentAST && isSubscription(documentAST, asked.operationName);
  return follows ? follow(asked, headers) : ask(asked, options);
}

const page = React.createElement(GraphiQL, {
  fetcher: answer,
  defaultQuery: welcome,
  defaultEditorToolsVisibility: "headers",
  isHeadersEditorEnabled: true,
  // A token is a secret: it stays in this tab and goes when the tab does.
  shouldPersistHeaders: false,
});
ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
