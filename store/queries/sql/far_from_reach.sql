-- Areas of some datasets that lie further from all units of the dataset's reach than three times the accuracy of
-- both layers, with the distance from the nearest in metres. A reach without known units is not compared.
WITH area AS (
    SELECT source_id, code, name, geom FROM zone
    UNION ALL SELECT source_id, code, name, geom FROM grid_cell
    UNION ALL SELECT source_id, number, name, geom FROM parcel
    UNION ALL SELECT source_id, number, holder, geom FROM permit
), reach AS MATERIALIZED (
    SELECT s.id, p.geom, 3.0 * (s.accuracy_m + ps.accuracy_m) AS tolerance_m
    FROM source s
    JOIN unit p ON p.code LIKE s.reach || '%' AND p.geom IS NOT NULL
    JOIN source ps ON ps.id = p.source_id AND ps.retired_at IS NULL
    WHERE s.dataset = ANY(:datasets) AND s.retired_at IS NULL AND s.reach <> ''
), outside AS MATERIALIZED (  -- distances are slow: only few areas meet no unit
    SELECT area.* FROM area
    WHERE area.source_id IN (SELECT id FROM reach) AND NOT EXISTS (
        SELECT FROM reach WHERE reach.id = area.source_id AND ST_Intersects(area.geom, reach.geom)
    )
), measured AS (
    SELECT outside.source_id, outside.code, outside.name,
           min(ST_Distance(outside.geom::geography, reach.geom::geography)) AS distance_m,
           min(ST_Distance(outside.geom::geography, reach.geom::geography) - reach.tolerance_m) AS beyond_m
    FROM outside JOIN reach ON reach.id = outside.source_id
    GROUP BY outside.source_id, outside.code, outside.name
)
SELECT s.dataset, measured.code, measured.name, s.reach AS parent, measured.distance_m
FROM measured JOIN source s ON s.id = measured.source_id
WHERE measured.beyond_m > 0.0
ORDER BY s.dataset, measured.code
