-- What an administrator added by hand: not the owner's, but readable for the owner's dumps.
CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO %owner%;
CREATE TABLE audit.logins (id bigint GENERATED ALWAYS AS IDENTITY, who name, address inet, at timestamptz);
INSERT INTO audit.logins (who, address, at)
SELECT 'user' || i, '10.0.0.1'::inet + i, TIMESTAMPTZ '2025-05-05 05:05:05Z' + i * INTERVAL '1 minute'
FROM generate_series(1, 9) i;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO %owner%;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA audit TO %owner%;
SELECT lo_from_bytea(600001, '\x00adadadad00');
GRANT SELECT ON LARGE OBJECT 600001 TO %owner%;
SELECT lo_from_bytea(600002, '\x42');
ALTER LARGE OBJECT 600002 OWNER TO physics_teachers;
GRANT SELECT ON LARGE OBJECT 600002 TO %owner%;
