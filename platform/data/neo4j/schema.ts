/** Every kind of constraint and index that Neo4j 5 Community has; the two lookup indexes exist from the start. */
export const SCHEMA: readonly string[] = [
  'CREATE CONSTRAINT concept_name FOR (n:Concept) REQUIRE n.name IS UNIQUE',
  'CREATE CONSTRAINT student_id FOR (n:Student) REQUIRE n.id IS UNIQUE',
  'CREATE CONSTRAINT `attempt pair` FOR (n:Attempt) REQUIRE (n.student, n.number) IS UNIQUE',
  'CREATE CONSTRAINT mastered_id FOR ()-[r:MASTERED]-() REQUIRE r.id IS UNIQUE',
  'CREATE RANGE INDEX concept_level FOR (n:Concept) ON (n.level)',
  'CREATE RANGE INDEX student_composite FOR (n:Student) ON (n.cohort, n.born, n.`weird ``key```)',
  'CREATE RANGE INDEX mastered_since FOR ()-[r:MASTERED]-() ON (r.since)',
  'CREATE TEXT INDEX concept_text FOR (n:Concept) ON (n.summary)',
  'CREATE TEXT INDEX mastered_note FOR ()-[r:MASTERED]-() ON (r.note)',
  'CREATE POINT INDEX lab_place FOR (n:Lab) ON (n.place) OPTIONS {indexConfig: {`spatial.cartesian.min`: [-100.0, -100.0], `spatial.cartesian.max`: [100.0, 100.0]}}',
  'CREATE POINT INDEX `moved to` FOR ()-[r:MOVED]-() ON (r.place)',
  "CREATE FULLTEXT INDEX search_words FOR (n:Concept|Formula|`Weird ``Label```) ON EACH [n.name, n.summary] OPTIONS {indexConfig: {`fulltext.analyzer`: 'german', `fulltext.eventually_consistent`: false}}",
  'CREATE FULLTEXT INDEX search_notes FOR ()-[r:MASTERED|`HAS ``SPACE```]-() ON EACH [r.note]',
  "CREATE VECTOR INDEX concept_embedding FOR (n:Concept) ON (n.embedding) OPTIONS {indexConfig: {`vector.dimensions`: 4, `vector.similarity_function`: 'cosine'}}",
  "CREATE VECTOR INDEX mastered_embedding FOR ()-[r:MASTERED]-() ON (r.embedding) OPTIONS {indexConfig: {`vector.dimensions`: 3, `vector.similarity_function`: 'euclidean'}}",
];
