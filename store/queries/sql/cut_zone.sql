-- Pieces of the areas of one dataset version (source_id), at most vertices vertices each.
INSERT INTO zone_piece (source_id, zone_id, geom)
SELECT a.source_id, a.id, ST_Subdivide(a.geom, :vertices)
FROM zone a
WHERE a.source_id = :source_id AND a.geom IS NOT NULL
