// Mercurius with graphql-jit over pg, with loaders, as its documentation has it.
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";
import { settings, signedIn } from "./sign_in.js";

const pool = new pg.Pool({ connectionString: settings.database, max: 10 });
const columns = "id, number, holder_id, product_name, industry, issued_at, " +
  "effective_status, effective_end";

const schema = `
  enum CertificateStatus { ACTIVE EXPIRED CANCELLED REVOKED }
  type Money { amountMinor: String!, currency: String! }
  type Party { id: ID!, name: String! }
  type Pledge { status: String!, rank: Int, securedAmount: Money!, pledgee: Party! }
  type Offer { name: String!, kind: String!, price: Money! }
  type Offers { nodes: [Offer!]! }
  type Certificate {
    number: String!, productName: String!, effectiveStatus: CertificateStatus!,
    effectiveEnd: String!, holder: Party!, pledges: [Pledge!]!, offers(first: Int!): Offers!
  }
  type PageInfo { hasNextPage: Boolean!, endCursor: String }
  type Certificates { nodes: [Certificate!]!, pageInfo: PageInfo! }
  input By { number: String! }
  input CertificateFilter { industry: String!, effectiveStatus: [CertificateStatus!]! }
  type Query {
    certificate(by: By!): Certificate
    certificates(filter: CertificateFilter!, first: Int!, after: String): Certificates!
  }`;

async function rowsOf(name, text, values) {
  return (await pool.query({ name, text, values })).rows;
}

function certificateOf(row) {
  return {
    ...row,
    productName: row.product_name,
    effectiveStatus: row.effective_status,
    effectiveEnd: row.effective_end.toISOString(),
  };
}

const resolvers = {
  Query: {
    async certificate(_, { by }) {
      const text = `SELECT ${columns} FROM peers.certificates WHERE number = $1`;
      const [row] = await rowsOf("certificate", text, [by.number]);
      return row ? certificateOf(row) : null;
    },
    async certificates(_, { filter, first, after }) {
      const [at, id] = after ? JSON.parse(Buffer.from(after, "base64url")) : [null, null];
      const text = `SELECT ${columns} FROM peers.certificates
        WHERE industry = $1 AND effective_status = ANY($2)
        ${after ? "AND (issued_at, id) < ($4, $5)" : ""} ORDER BY issued_at DESC, id DESC LIMIT $3`;
      const values = [filter.industry, filter.effectiveStatus, first + 1];
      const name = after ? "page after" : "page";
      const rows = await rowsOf(name, text, after ? [...values, at, id] : values);
      const shown = rows.slice(0, first);
      const last = shown.at(-1);
      const end = last && Buffer.from(JSON.stringify([last.issued_at, last.id]));
      return {
        nodes: shown.map(certificateOf),
        pageInfo: { hasNextPage: rows.length > first, endCursor: end?.toString("base64url") },
      };
    },
  },
};

async function partiesOf(column, queries) {
  const ids = [...new Set(queries.map(({ obj }) => obj[column]))];
  const rows = await rowsOf("parties", "SELECT id, name FROM peers.parties WHERE id = ANY($1)", [ids]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return queries.map(({ obj }) => byId.get(obj[column]));
}

function groupedBy(rows, queries) {
  const groups = new Map(queries.map(({ obj }) => [obj.id, []]));
  for (const row of rows) groups.get(row.certificate_id).push(row);
  return queries.map(({ obj }) => groups.get(obj.id));
}

const loaders = {
  Certificate: {
    holder: (queries) => partiesOf("holder_id", queries),
    async pledges(queries) {
      const text = `SELECT certificate_id, pledgee_id, status, rank,
          (secured_amount).amount_minor::text AS amount, (secured_amount).currency AS currency
        FROM peers.pledges WHERE certificate_id = ANY($1) ORDER BY placed_at DESC, id DESC`;
      const rows = await rowsOf("pledges", text, [queries.map(({ obj }) => obj.id)]);
      const shown = rows.map((row) => ({
        ...row,
        securedAmount: { amountMinor: row.amount, currency: row.currency },
      }));
      return groupedBy(shown, queries);
    },
    async offers(queries) {
      const text = `SELECT offer.* FROM unnest($1::text[]) AS wanted (id), LATERAL (
          SELECT certificate_id, name, kind, (price).amount_minor::text AS amount,
            (price).currency AS currency FROM peers.offers WHERE certificate_id = wanted.id
          ORDER BY published_at DESC, id DESC LIMIT $2) AS offer`;
      const values = [queries.map(({ obj }) => obj.id), queries[0].params.first];
      const rows = await rowsOf("offers", text, values);
      const shown = rows.map((row) => ({
        ...row,
        price: { amountMinor: row.amount, currency: row.currency },
      }));
      return groupedBy(shown, queries).map((nodes) => ({ nodes }));
    },
  },
  Pledge: { pledgee: (queries) => partiesOf("pledgee_id", queries) },
};

const app = Fastify();
app.register(mercurius, {
  schema,
  resolvers,
  loaders,
  jit: 1,
  context: (request) => ({ claims: signedIn(request.headers.authorization) }),
});
await app.listen({ port: settings.port, host: "127.0.0.1" });
