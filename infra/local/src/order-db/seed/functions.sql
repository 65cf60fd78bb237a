-- Deterministic chance: the same number for the same row and salt in every database.
CREATE FUNCTION pg_temp.roll(n bigint, salt bigint, below int) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN ((hashint8extended(n, salt) & 9223372036854775807) % below)::int;
CREATE FUNCTION pg_temp.chance(n bigint, salt bigint) RETURNS double precision LANGUAGE sql IMMUTABLE
  RETURN ((hashint8extended(n, salt) & 9223372036854775807) % 1000003) / 1000003.0::double precision;
-- Settings of this seed, told the planner as immutable: it then computes them once a statement and not once a row.
CREATE FUNCTION pg_temp.seed_now() RETURNS timestamptz LANGUAGE sql IMMUTABLE
  RETURN current_setting('seed.now')::timestamptz;
CREATE FUNCTION pg_temp.seed_size(name text) RETURNS int LANGUAGE sql IMMUTABLE
  RETURN current_setting('seed.' || name)::int;
-- Same text as stripePaymentIntentId() in references.ts.
CREATE FUNCTION pg_temp.payment_intent_id(payment_id bigint) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN 'pi_' || substr(encode(sha256(convert_to('payment ' || payment_id, 'UTF8')), 'hex'), 1, 24);
CREATE FUNCTION pg_temp.sentence(n bigint, salt bigint) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN (ARRAY[
    'Made to be used every day and to be repaired when it breaks.',
    'The seams are sewn twice and the colour does not fade in the sun.',
    'Our customers have told us that it fits better than the one before.',
    'Please keep the receipt; it is the easiest way to prove the date of purchase.',
    'Délivré en trois jours partout en Europe, même dans les îles.',
    'Größe und Gewicht können je nach Ausführung abweichen.',
    'It arrived earlier than promised, and the parcel was in good order.',
    'Wash it cold, dry it in the shade, and it will last for many years.',
    '素材は天然の綿で、肌にやさしい。',
    'The box holds one piece, a short manual in nine languages and the guarantee card.',
    'Measured in our own laboratory under the conditions written down in the manual.',
    'We answer questions on weekdays between eight and eighteen o''clock.',
    'El color puede variar ligeramente según la luz de la pantalla.',
    'A part of every sale goes to the school of the village where it is woven.',
    'Not suited for children under three years, because small parts can be swallowed.',
    'The battery lasts about nine hours and is full again after one.'
  ])[1 + pg_temp.roll(n, salt, 16)];
CREATE FUNCTION pg_temp.prose(n bigint, salt bigint, sentences int) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN (SELECT string_agg(pg_temp.sentence(n * 131 + s, salt), ' ' ORDER BY s) FROM generate_series(1, sentences) s);
