// PostGraphile 5 on grafserv, as its documentation sets it up for production.
import { createServer } from "node:http";
import { grafserv } from "postgraphile/grafserv/node";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";
import { settings, signedIn } from "./sign_in.js";

// Node has it from version 22 on.
Promise.withResolvers ??= function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

const preset = {
  extends: [PostGraphileAmberPreset],
  // Views have no indexes of their own to be known by.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  schema: { defaultBehavior: "+list +attribute:orderBy +attribute:filterBy", dontSwallowErrors: true },
  pgServices: [
    makePgService({
      connectionString: settings.database,
      schemas: ["peers"],
      poolConfig: { max: 10 },
    }),
  ],
  grafast: {
    explain: false,
    context: (request) => ({ claims: signedIn(request.node?.req.headers.authorization) }),
  },
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(settings.port, "127.0.0.1");
