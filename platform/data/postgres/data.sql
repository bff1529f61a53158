-- Rows. pg_temp.pick(i, salt, n): a number from 0 to n-1; pg_temp.unit(i, salt): from 0 to 1; pg_temp.hex(i, salt):
-- 32 digits; pg_temp.size(per_scale): how many. All depend on the seed alone (seed-functions in seed.ts).
INSERT INTO topics (parent, title, level, coefficients)
SELECT CASE WHEN i > 4 THEN 1 + pg_temp.pick(i, 1, i - 1) END,
       (ARRAY['Mechanics', 'Électromagnétisme', 'Θερμοδυναμική', '量子力学', 'بصريات'])[1 + i % 5] || ' ' || i,
       (enum_range(NULL::difficulty))[1 + pg_temp.pick(i, 2, 5)],
       ARRAY[ARRAY[i, -i], ARRAY[pg_temp.pick(i, 3, 100), NULL]]
FROM generate_series(1, least(pg_temp.size(12), 500)) i;

INSERT INTO students (external_id, name, email, password_hash, avatar, preferences, tags, mastery, enrolled, balance, created_at)
SELECT uuid_generate_v5(uuid_ns_url(), 'student/' || pg_temp.hex(i, 4)),
       (ARRAY['Zoë', E'Jose\u0301', 'Nguyễn', 'الخوارزمي', '小林 誠', E'O\'Brien "Bo"', '👩🏽‍🔬 Ada', E'tab\tand\\backslash'])[1 + i % 8]
         || ' ' || substr(pg_temp.hex(i, 5), 1, 6),
       CASE WHEN i % 5 > 0 THEN 'student' || i || '@physics.example' END,
       hashes.of[1 + i % 3],
       CASE WHEN i % 4 = 0 THEN decode('00ff00' || repeat(pg_temp.hex(i, 7), 1 + pg_temp.pick(i, 8, 40)) || '00', 'hex') END,
       jsonb_build_object('theme', CASE i % 3 WHEN 0 THEN 'dark' ELSE 'light' END, 'n', pg_temp.unit(i, 9), 'nested',
         jsonb_build_array(NULL, i, jsonb_build_object('ключ', E'\u2028\n"')), 'big', 12345678901234567890123456789.0),
       CASE i % 3 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['quantum', NULL, 'a,b', '{"x"}', ''] END,
       round(pg_temp.unit(i, 10)::numeric, 5),
       daterange('2024-01-01'::date + pg_temp.pick(i, 11, 300), CASE WHEN i % 2 = 0 THEN DATE '2026-07-01' END),
       pg_temp.pick(i, 12, 100000) / 7.0 - 3333.12345678901234567890,
       TIMESTAMPTZ '2024-02-29 12:00:00Z' + pg_temp.pick(i, 13, 1000000) * INTERVAL '1.000001 second'
FROM generate_series(1, pg_temp.size(15)) i,
     (SELECT array_agg(crypt('password' || n, '$1$' || substr(pg_temp.hex(n, 6), 1, 8))) FROM generate_series(0, 2) n) AS hashes (of);

INSERT INTO problems (topic_id, author, statement, answer, bounds, constants, validity)
SELECT 1 + pg_temp.pick(i, 14, (SELECT count(*)::int FROM topics)), 1000 + 7 * pg_temp.pick(i, 15, pg_temp.size(15)),
       'A mass of ' || i || ' kg moves at ' || pg_temp.pick(i, 16, 300) || ' m/s: what is its energy? ' || repeat('Δ', i % 9),
       ROW(pg_temp.pick(i, 17, 1000) / 3.0, CASE i % 3 WHEN 0 THEN 'J' WHEN 1 THEN 'Ω·m⁻²' END, 'NaN')::quantity,
       float_range(pg_temp.unit(i, 18), CASE WHEN i % 4 > 0 THEN 2 + pg_temp.unit(i, 19) END, '(]'),
       jsonb_build_object('g', 9.80665, 'c', 299792458, 'empty', '{}'::jsonb),
       tstzrange(TIMESTAMPTZ '2024-01-01Z' + i * INTERVAL '1 hour', CASE WHEN i % 2 = 0 THEN 'infinity'::timestamptz END)
FROM generate_series(1, pg_temp.size(10)) i;
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE students SET favourite = 1 + pg_temp.pick(id, 20, pg_temp.size(10)) WHERE id % 3 = 0;

-- The bulk: about 1.7 kB a row, just short of what PostgreSQL would compress by itself.
INSERT INTO interactions (student_id, problem_id, kind, occurred_at, latency, payload, response, embedding)
SELECT 1000 + 7 * pg_temp.pick(i, 21, pg_temp.size(15)),
       CASE WHEN i % 10 > 0 THEN 1 + pg_temp.pick(i, 22, pg_temp.size(10)) END,
       (enum_range(NULL::interaction_kind))[1 + pg_temp.pick(i, 23, 4)],
       TIMESTAMPTZ '2023-11-01Z' + pg_temp.pick(i, 24, 94000000) * INTERVAL '1 second' + i % 1000000 * INTERVAL '1 microsecond',
       pg_temp.pick(i, 25, 90000) * INTERVAL '1 millisecond',
       jsonb_build_object('session', pg_temp.hex(i, 26), 'step', i, 'correct', pg_temp.pick(i, 27, 2) = 1, 'trace',
         jsonb_build_array(pg_temp.hex(i, 28), pg_temp.unit(i, 29))),
       'The student computed ' || pg_temp.hex(i, 30) || repeat(' therefore the force equals mass times acceleration;', 14)
         || pg_temp.hex(i, 31) || repeat(' 運動エネルギーは保存される。', 9) || pg_temp.hex(i, 32),
       ARRAY[pg_temp.unit(i, 33), pg_temp.unit(i, 34), pg_temp.unit(i, 35), pg_temp.unit(i, 36), pg_temp.unit(i, 37)]::real[]
FROM generate_series(1, pg_temp.size(60)) i;

INSERT INTO attachments (id, student_id, name, content, original)
SELECT pg_temp.hex(i, 40)::uuid, 1000 + 7 * pg_temp.pick(i, 41, pg_temp.size(15)), 'lab report № ' || i || '.pdf',
       decode('0025504446' || repeat(pg_temp.hex(i, 42), 20) || repeat(pg_temp.hex(i, 43) || '0000', 1 + pg_temp.pick(i, 44, 60)), 'hex'),
       500000 + i
FROM generate_series(1, pg_temp.size(6)) i;

INSERT INTO messages (reply_to, body)
SELECT CASE WHEN i % 3 = 0 THEN i - 1 END, b || ' ' || i
FROM unnest(ARRAY['', E'cafe\u0301 is not caf\u00e9', 'שלום עולם', '👨‍👩‍👧‍👦 🏳️‍🌈', E'two\nlines\r\nand\\.', E'\\N', 'a	tab',
                  E'\u202Ertl override', E'zero\u200Bwidth', E'quote '' and "double"', '{"json": "no"}', E'\x7F\x01'])
  WITH ORDINALITY AS t(b, i);
INSERT INTO grades SELECT 1000 + 7 * i, t, 1 + pg_temp.pick(i, 50, 50) / 10.0
FROM generate_series(0, least(5, pg_temp.size(15) - 1)) i, unnest(ARRAY['physics_alice', 'physics_bob']::name[]) t;
INSERT INTO lessons
SELECT i % 3, tstzrange(TIMESTAMPTZ '2025-01-01Z' + i * INTERVAL '1 day', TIMESTAMPTZ '2025-01-01Z' + i * INTERVAL '25 hours', '[)')
FROM generate_series(0, 9) i;
INSERT INTO cache_entries SELECT 'key' || i, jsonb_build_object('v', pg_temp.hex(i, 51)) FROM generate_series(1, 5) i;
INSERT INTO devices VALUES (1, 'pendulum'), (2, 'oscilloscope');
INSERT INTO sensors VALUES (3, 'thermometer', '°C'), (4, 'thermometer', NULL);
INSERT INTO "Weird ""Table"" with 'quotes' & ünïcødé" VALUES (1, 'x.y', 'infinity'), (NULL, '', '-infinity'), (1, '', '4713-01-01 BC');

INSERT INTO every_type (flag, tiny, normal, big, single, double, exact) VALUES
  (true, 32767, 2147483647, 9223372036854775807, 'NaN', 'NaN', 'NaN'),
  (false, -32768, -2147483648, -9223372036854775808, 'Infinity', '-Infinity', 'Infinity'),
  (NULL, 0, 0, 0, '-0', '-0', '-Infinity'),
  (true, 1, 1, 1, 1.1754944e-38, 5e-324, 1e-1000),
  (true, 1, 1, 1, 3.4028235e38, 1.7976931348623157e308, repeat('1234567890', 60)::numeric + 0.12345678901234567890123456789012345),
  (false, 7, 7, 7, 0.1, 0.1, 1.50);
INSERT INTO every_type (fixed, short, text, one, bytes, moment, instant, day, clock, clock_zone, span, bits, more_bits, address,
  network, mac, mac8, spot, segment, area, disk, trail, box, whole, several, document, binary_document, way, markup,
  id_of_table, log_position, words, query, composed, composed_list, matrix, level, levels, identifier)
VALUES ('ab', ' trailing ', E'\\x00 is text', E'\u007E', '\x00010200ff00', 'infinity', '-infinity', 'infinity', '24:00:00',
  '23:59:59.999999+14:59', '-1 years -2 mons +3 days -04:05:06.789', B'10101', B'', 'fe80::1/64', '10.0.0.0/8', '08:00:2b:01:02:03',
  '08:00:2b:01:02:03:04:05', '(-0,1e-300)', '[(0,0),(1,1)]', '((0,0),(0,1),(1,1))', '<(0,0),2>', '[(0,0),(1,2)]', '(2,2),(0,0)', 'empty',
  '{[2024-01-01,2024-02-01),[2025-01-01,)}', '{"b":1, "a" : 1.0, "a":2}', '{"b":1, "a" : 1.0, "a":2}', '$.a[*] ? (@ > 1)',
  '<a b="ü">&amp;<!-- c --></a>', 'students', '16/B374D848', 'physics:1A,3B fun', 'physics & !fun', ROW(1.10, NULL, '-0'),
  ARRAY[ROW(NULL, 'm"', 1)::quantity, NULL], '[0:1][-1:0]={{1,NaN},{NULL,-Infinity}}', 'très difficile', '{}',
  '00000000-0000-0000-0000-000000000000'),
  ('', '', '', '', '', '4713-01-01 BC', '0001-01-01 00:00:00+00 BC', '5874897-12-31', '00:00', '00:00-15:59', '0', B'00000', B'1', '::', '::/0',
  '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '(NaN,Infinity)', '[(0,0),(0,0)]', '((0,0))', '<(1,1),0>', '((0,0),(1,2))', '(1,1),(1,1)',
  '(,)', '{}', 'null', 'null', '$', '', NULL, '0/0', '', '', ROW(NULL, NULL, NULL), '{}', '{}', 'trivial', '{easy,NULL}',
  'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

INSERT INTO analytics.daily
SELECT occurred_at::date, count(*), avg(length(response)) FROM interactions GROUP BY 1;
REFRESH MATERIALIZED VIEW analytics.by_kind;

ALTER TABLE problems ADD CONSTRAINT statement_is_long CHECK (length(statement) > 5) NOT VALID;
ALTER TABLE analytics.daily CLUSTER ON daily_pkey;
SELECT nextval('tickets') FROM generate_series(1, 3);
SELECT setval('interaction_numbers', nextval('interaction_numbers') + 3000);

SELECT lo_from_bytea((500000 + i)::oid, decode('00' || repeat(pg_temp.hex(i, 60) || '00', 1 + pg_temp.pick(i, 61, 100) * least(pg_temp.size(1), 100)), 'hex'))
FROM generate_series(1, 6) i;
SELECT lo_create(500007);
SELECT lo_put(lo_create(500008), 100000, '\xdeadbeef'); -- a large object with a hole
COMMENT ON LARGE OBJECT 500001 IS 'scan of a notebook';
GRANT SELECT ON LARGE OBJECT 500002 TO physics_app;
