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

const page = React.createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: "/graphql", enableIncrementalDelivery: false }),
  defaultQuery: welcome,
  defaultEditorToolsVisibility: "headers",
  isHeadersEditorEnabled: true,
  // A token is a secret: it stays in this tab and goes when the tab does.
  shouldPersistHeaders: false,
});
ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
