/** Name of the concept whose number an expression gives. */
function conceptName(number: string): string {
  return `['Kraft', 'Énergie', '運動量', 'Поле', 'طاقة'][(${number}) % 5] + ' ' + (${number})`;
}

/**
 * The bulk, made by the server from `$seed`, `$concepts`, `$students` and `$attempts`. `(i * prime + seed) % n` stands
 * for chance.
 */
export const BULK: readonly string[] = [
  `UNWIND range(1, $concepts) AS i
   CALL (i) {
     CREATE (n:Concept {name: ${conceptName('i')}, level: i % 7,
       summary: 'A concept that ' + i + ' others build upon, with "quotes" and Δ = ' + (i * 7919 + $seed) % 1000,
       weight: ((i * 104729 + $seed) % 1000) / 7.0, tags: ['t' + i % 3, 't' + i % 11],
       embedding: [toFloat(i % 3 + 1), (i + $seed) % 5 + 0.5, i % 7 / 3.0, -1.0]})
     FOREACH (_ IN CASE WHEN i % 4 = 0 THEN [1] ELSE [] END | SET n:Formula, n.formula = 'E = m·c² + ' + i)
   } IN TRANSACTIONS OF 2000 ROWS`,
  `UNWIND range(1, $concepts) AS i UNWIND [1, 2, 5] AS step
   CALL (i, step) {
     MATCH (a:Concept {name: ${conceptName('i')}})
     MATCH (b:Concept {name: ${conceptName('1 + (i * step + $seed) % $concepts')}})
     CREATE (a)-[:PREREQUISITE_OF {strength: a.weight - b.weight}]->(b)
   } IN TRANSACTIONS OF 2000 ROWS`,
  `UNWIND range(1, $students) AS i
   CALL (i) {
     MATCH (a:Concept {name: ${conceptName('1 + (i * 7919 + $seed) % $concepts')}})
     MATCH (b:Concept {name: ${conceptName('1 + (i * 104729 + $seed) % $concepts')}})
     CREATE (s:Student:Person {id: i, name: ['Zoë', 'José', 'Nguyễn', '小林'][i % 4] + ' ' + (i * 7919 + $seed) % 99991,
       cohort: 2020 + i % 5, born: date({year: 1990 + i % 18, month: 1 + i % 12, day: 1 + (i * 31 + $seed) % 28}),
       score: ((i * 15485863 + $seed) % 100000) / 1000.0, active: i % 3 > 0,
       joined: datetime({year: 2024, month: 1 + i % 12, day: 1 + i % 28, hour: i % 24,
         timezone: ['Europe/Berlin', '+05:30', 'America/New_York', 'Z'][i % 4]})})
     CREATE (s)-[:MASTERED {id: 2 * i, since: date('2024-01-01') + duration({days: i % 700}), note: 'gelöst: ' + a.name,
       embedding: [1.0, i % 3 + 0.25, -0.5]}]->(a)
     CREATE (s)-[:MASTERED {id: 2 * i + 1, confidence: ((i * 31 + $seed) % 100) / 99.0}]->(b)
     CREATE (s)-[:STUDIES]->(b)
   } IN TRANSACTIONS OF 2000 ROWS`,
  `UNWIND range(1, $attempts) AS i
   CALL (i) {
     MATCH (s:Student {id: 1 + (i * 7919 + $seed) % $students})
     CREATE (s)-[:MADE {at: localdatetime('2025-01-01T00:00:00') + duration({seconds: i * 37})}]->
       (t:Attempt {student: s.id, number: i, correct: i % 2 = 0, seconds: (i * 15485863 + $seed) % 600,
         answer: 'v = ' + ((i * 104729 + $seed) % 10000) / 100.0 + ' m/s, because energy is conserved in a closed system'})
     WITH s, t
     MATCH (other:Student {id: 1 + (s.id + $seed) % $students})
     CREATE (t)-[:REVIEWED_BY {stars: 1 + s.id % 5}]->(other)
   } IN TRANSACTIONS OF 2000 ROWS`,
];

/** Structures that a careless copy gets wrong; one statement, because planning takes longer than creating. */
export const ODDITIES = `
  CREATE (), (), ({kind: 'no label', seed: $seed}),
    (:Bare), (:Bare), (:\`Weird \`\` Label\`), (:\`Weird \`\`Label\`\`\`:\`日本\`:\`with space\` {name: 'odd label'}),
    (:Twin {name: 'same'})-[:NEXT]->(:Twin {name: 'same'}),
    (s:Twin {name: 'loop'}), (s)-[:SELF]->(s), (s)-[:SELF]->(s), (s)-[:SELF {n: 1}]->(s),
    (a:Lab {place: point({x: 1.0, y: 2.0})}), (b:Lab {place: point({x: -1.0, y: 0.0})}),
    (a)-[:MOVED {place: point({longitude: 1.0, latitude: 2.0})}]->(b), (b)-[:MOVED]->(a),
    (a)-[:\`HAS \`\`SPACE\`\`\` {note: 'weird', \`key with \`\`\`: -0.0}]->(b),
    (a)-[:PARALLEL]->(b), (a)-[:PARALLEL]->(b), (a)-[:PARALLEL {n: 1}]->(b), (a)-[:PARALLEL {n: 1}]->(b),
    (b)-[:PARALLEL {n: 1.0}]->(a),
    // two triangles and a hexagon: only their structure tells them from two hexagons or four triangles
    (t:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(t),
    (u:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(u),
    (h:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(:Ring)-[:NEXT]->(h)`;
