-- What PostGraphile is told of the register: what a GraphQL answer shows, over the same tables and
-- indexes, as views. Its documentation has computed columns and smart tags for this.
CREATE SCHEMA peers;

CREATE TYPE peers.money AS (amount_minor bigint, currency text);

CREATE VIEW peers.parties AS SELECT id, name FROM public.parties;

-- The time is a query of its own, asked once and not for every row; and no function of ours stands
-- here, since one that PostgreSQL cannot put in line costs more than all the rest.
CREATE VIEW peers.certificates AS
SELECT id, number, holder_id, product_name, industry, issued_at,
  CASE WHEN status = 'ACTIVE' AND LEAST(valid_until, source_authorised_until, ended_at)
    <= (SELECT (extract(epoch FROM now()) * 1000000)::bigint)
  THEN 'EXPIRED' ELSE status END AS effective_status,
  to_timestamp(
    (LEAST(valid_until, source_authorised_until, ended_at) / 1000000.0)::double precision
  ) AS effective_end
FROM public.certificates;

CREATE VIEW peers.pledges AS
SELECT p.id, p.certificate_id, p.pledgee_id, p.placed_at,
  CASE WHEN p.status = 'REGISTERED' AND c.effective_status <> 'ACTIVE'
  THEN 'IMPAIRED' ELSE p.status END AS status,
  CASE WHEN p.status = 'REGISTERED' THEN (
    SELECT count(*)::integer FROM public.pledges AS senior
    WHERE senior.certificate_id = p.certificate_id AND senior.status = 'REGISTERED'
      AND senior.sequence <= p.sequence
  ) END AS rank,
  ROW(p.amount_minor, p.currency)::peers.money AS secured_amount
FROM public.pledges AS p JOIN peers.certificates AS c ON c.id = p.certificate_id
WHERE p.sequence IS NOT NULL;

CREATE VIEW peers.offers AS
SELECT id, certificate_id, name, kind, published_at,
  ROW(price_minor, price_currency)::peers.money AS price
FROM public.offers WHERE status = 'PUBLISHED';

COMMENT ON VIEW peers.parties IS E'@primaryKey id';
COMMENT ON VIEW peers.certificates IS
  E'@primaryKey id\n@unique number\n@foreignKey (holder_id) references peers.parties (id)|@fieldName holder';
COMMENT ON VIEW peers.pledges IS
  E'@primaryKey id\n@foreignKey (certificate_id) references peers.certificates (id)|@foreignFieldName pledges|@foreignSimpleFieldName pledgesList\n@foreignKey (pledgee_id) references peers.parties (id)|@fieldName pledgee';
COMMENT ON VIEW peers.offers IS
  E'@primaryKey id\n@foreignKey (certificate_id) references peers.certificates (id)|@foreignFieldName offers|@foreignSimpleFieldName offersList';

-- An ORM takes no composite columns.
CREATE VIEW peers.pledges_with_amounts AS
SELECT id, certificate_id, pledgee_id, placed_at, status, rank,
  (secured_amount).amount_minor, (secured_amount).currency FROM peers.pledges;
CREATE VIEW peers.offers_with_prices AS
SELECT id, certificate_id, name, kind, published_at,
  (price).amount_minor, (price).currency FROM peers.offers;
COMMENT ON VIEW peers.pledges_with_amounts IS E'@behavior -*';
COMMENT ON VIEW peers.offers_with_prices IS E'@behavior -*';
